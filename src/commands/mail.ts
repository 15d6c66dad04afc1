import { z } from 'zod';
import { MailKind, MailQueued, mailStream, mails } from '../domain/mail.ts';
import { command, type Policy } from './command.ts';
import { annalsOnly } from './policy.ts';

const mail = { stream: ({ mailId }: { mailId: string }) => mailStream(mailId), aggregate: mails };
const of = { mailId: z.string() };

export const queueMail = command('queueMail', {
  input: z.object({ ...of, kind: MailKind, cause: MailQueued.schema.shape.cause, expiresAt: MailQueued.schema.shape.expiresAt }),
  ...mail,
  policy: annalsOnly as Policy,
});
export const startMail = command('startMail', { input: z.object({ ...of, attempt: z.number().int() }), ...mail, policy: annalsOnly as Policy });
/** `code`: why it was not sent. */
export const endMail = command('endMail', {
  input: z.object({ ...of, attempt: z.number().int(), code: z.string().optional(), again: z.boolean() }),
  ...mail,
  policy: annalsOnly as Policy,
});
