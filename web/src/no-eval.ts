import { z } from 'zod';

// zod tries `new Function` once to see whether it may compile schemas; the content security policy reports that as an attack.
z.config({ jitless: true });
