import type { JsonObject } from '../../domain/event.ts';
import { type MailCause, mailEvents } from '../../domain/mail.ts';
import { view } from '../view.ts';

/** A mail on its way. To whom, and what it says, stands in neither. */
export interface MailDoc extends JsonObject {
  kind: string;
  cause: MailCause;
  state: 'waiting' | 'sent' | 'failed';
  subject: string;
  attempt: number;
  queuedAt: string;
  expiresAt: string;
  /** When it is tried next; null when it never is. */
  dueAt: string | null;
  /** Why the last attempt failed. */
  problem: string | null;
}

export const mailList = view<MailDoc, (typeof mailEvents)[number]>({
  name: 'mails',
  version: 1,
  types: mailEvents,
  indexes: [['dueAt'], ['queuedAt']],
  keys: ({ data }) => [data.mailId],
  fold: (doc, event) => {
    const { time, subject } = event.metadata;
    if (event.type === 'MailQueued') {
      const { kind, cause, expiresAt } = event.data;
      return { kind, cause, state: 'waiting', subject, attempt: 0, queuedAt: time, expiresAt, dueAt: time, problem: null };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'MailStarted':
        return { ...doc, attempt: event.data.attempt, dueAt: event.data.againAt };
      case 'MailSent':
        return { ...doc, state: 'sent', dueAt: null, problem: null };
      case 'MailFailed':
        return { ...doc, state: event.data.againAt === null ? 'failed' : 'waiting', dueAt: event.data.againAt, problem: event.data.code };
      default:
        event satisfies never;
        return undefined;
    }
  },
});
