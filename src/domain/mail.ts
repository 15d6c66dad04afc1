import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { IsoTime } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const MailKind = z.enum(['invitation', 'registration', 'reset']);
export type MailKind = z.infer<typeof MailKind>;

const of = { mailId: z.string() };
/** What it says and to whom is read from its cause when it is sent: neither stands here. */
export const MailQueued = event('MailQueued', 1, {
  ...of,
  kind: MailKind,
  cause: z.object({ stream: z.string(), revision: z.string(), eventId: z.string() }),
  expiresAt: IsoTime,
});
/** `againAt`: from then on whoever is still sending it is taken for dead. */
export const MailStarted = event('MailStarted', 1, { ...of, attempt: z.number().int(), againAt: IsoTime });
export const MailSent = event('MailSent', 1, { ...of, attempt: z.number().int() });
/** `againAt`: null when nobody tries again. */
export const MailFailed = event('MailFailed', 1, { ...of, attempt: z.number().int(), code: z.string(), againAt: IsoTime.nullable() });

export const mailEvents = [MailQueued, MailStarted, MailSent, MailFailed] as const;
type MailEvent = EventOf<(typeof mailEvents)[number]>;
export type MailCause = z.output<typeof MailQueued.schema>['cause'];

export interface Mail {
  status: 'none' | 'waiting' | 'sending' | 'sent' | 'failed';
  attempt: number;
  expiresAt: string;
  againAt: string;
}

export type MailCommand =
  | { name: 'queueMail'; mailId: string; kind: MailKind; cause: MailCause; expiresAt: string }
  | { name: 'startMail'; mailId: string; attempt: number }
  | { name: 'endMail'; mailId: string; attempt: number; code?: string; again: boolean };

export const mailStream = (mailId: string): string => `mail-${mailId}`;

/** How long whoever sends it may take. */
const SENDING_MS = 120_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

const after = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();
const superseded = refuse('Superseded', 'Another process deals with this mail.');

export const mails: Decider<Mail, MailCommand, MailEvent> = {
  initialState: () => ({ status: 'none', attempt: 0, expiresAt: '', againAt: '' }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'MailQueued':
        return Object.assign(state, { status: 'waiting', expiresAt: event.data.expiresAt });
      case 'MailStarted':
        return Object.assign(state, { status: 'sending', attempt: event.data.attempt, againAt: event.data.againAt });
      case 'MailSent':
        return Object.assign(state, { status: 'sent' });
      case 'MailFailed':
        return Object.assign(state, event.data.againAt === null ? { status: 'failed' } : { status: 'waiting', againAt: event.data.againAt });
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { now }) => {
    const { mailId } = command;
    if (command.name === 'queueMail') {
      const { kind, cause, expiresAt } = command;
      return state.status === 'none' ? [MailQueued({ mailId, kind, cause, expiresAt })] : [];
    }
    if (state.status === 'none') return refuse('NotFound', 'There is no such mail.');
    switch (command.name) {
      case 'startMail': {
        const due = (state.status === 'waiting' || state.status === 'sending') && state.againAt <= now;
        if (!due || command.attempt !== state.attempt + 1) return superseded;
        return [MailStarted({ mailId, attempt: command.attempt, againAt: after(now, SENDING_MS) })];
      }
      case 'endMail': {
        const { attempt, code, again } = command;
        if (state.status !== 'sending' || attempt !== state.attempt) return superseded;
        if (code === undefined) return [MailSent({ mailId, attempt })];
        const againAt = after(now, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 3 ** (attempt - 1)));
        return [MailFailed({ mailId, attempt, code, againAt: again && againAt < state.expiresAt ? againAt : null })];
      }
      default:
        return command satisfies never;
    }
  },
};
