import { z } from 'zod';
import { RETENTION_STREAM, RetentionPolicy, retentions } from '../domain/retention.ts';
import { command } from './command.ts';
import { administratorsOnly } from './policy.ts';

/** What becomes overdue by a shorter time is deleted a week later at the earliest, so that its owners see it before. */
export const changeRetentionPolicy = command('changeRetentionPolicy', {
  input: z.object({ policy: RetentionPolicy }),
  stream: () => RETENTION_STREAM,
  policy: administratorsOnly,
  aggregate: retentions,
  subject: (_input, { id }) => id,
});
