import { z } from 'zod';
import { request } from '../api.ts';

const Me = z.looseObject({
  id: z.string(),
  kind: z.enum(['person', 'anonymous', 'service']),
  roles: z.array(z.string()),
  name: z.string().nullish(),
  email: z.string().nullish(),
});
export type Me = z.infer<typeof Me>;

/** Who the server takes this page for. */
export const fetchMe = () => request('/api/me', Me);
