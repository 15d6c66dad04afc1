import { z } from 'zod';
import type { Checkpoint } from './port.ts';

/** A checkpoint as the databases keep it. */
export const StoredCheckpoint: z.ZodType<Checkpoint> = z.object({
  position: z.string(),
  epoch: z.string(),
  last: z.object({ stream: z.string(), revision: z.string(), id: z.string() }).exactOptional(),
  meta: z.json().exactOptional(),
});
