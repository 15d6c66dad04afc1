import { z } from 'zod';
import { VISITORS } from '../domain/access.ts';
import { accessRecords, securityDayStream } from '../domain/access-records.ts';
import { command, type Policy } from './command.ts';
import { annalsOnly } from './policy.ts';

const about = { aggregate: accessRecords, policy: annalsOnly as Policy, subject: () => VISITORS };

/** What has been kept long enough: the key of the stream is destroyed. */
export const eraseAccessRecords = command('eraseAccessRecords', {
  input: z.object({ stream: z.string().regex(/^access-person_[A-Za-z0-9_-]+$/) }),
  stream: ({ stream }) => stream,
  ...about,
});
export const closeSecurityDay = command('closeSecurityDay', {
  input: z.object({ day: z.iso.date() }),
  stream: ({ day }) => securityDayStream(day),
  ...about,
});
