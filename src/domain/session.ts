import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { PersonId, SessionId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** How somebody proved who it is: `password`, or `oidc:` and the key of the provider. */
export const LoginMethod = z.string().regex(/^[a-z][a-z0-9._:-]{0,63}$/, 'must be a short name of a way to log in');
/** What its client holds: a cookie that stays the same, or a refresh token that is another one after each use. */
export const SessionKind = z.enum(['cookie', 'refresh']);
/** HMAC of the secret that the client holds, in hex. */
const Proof = z.string().regex(/^[0-9a-f]{64}$/);
export const SessionEndReason = z.enum(['logout', 'revoked', 'replaced', 'reused']);
export type SessionEndReason = z.infer<typeof SessionEndReason>;

const session = { sessionId: SessionId };

/** Somebody has logged in. */
export const SessionOpened = event('SessionOpened', 1, {
  ...session,
  person: PersonId,
  kind: SessionKind,
  method: LoginMethod,
  proof: Proof,
  ...sealed({ device: z.string().max(512) }),
});
/** At most once an hour. */
export const SessionUsed = event('SessionUsed', 1, session);
/** The refresh token before this one is void. */
export const SessionRenewed = event('SessionRenewed', 1, { ...session, proof: Proof });
/** `reused`: a refresh token came that had been used before, so that one of two has stolen it. */
export const SessionEnded = event('SessionEnded', 1, { ...session, reason: SessionEndReason });

export const sessionEvents = [SessionOpened, SessionUsed, SessionRenewed, SessionEnded] as const;
type SessionEvent = EventOf<(typeof sessionEvents)[number]>;

export interface Session {
  owner?: PersonId;
  kind: z.infer<typeof SessionKind>;
  method: string;
  proof: string;
  /** Of refresh tokens that have been used. */
  readonly spent: Set<string>;
  openedAt: string;
  usedAt: string;
  ended?: true;
}

type Of<Name extends string, Fields = unknown> = { name: Name; sessionId: SessionId } & Fields;
export type SessionCommand =
  | Of<'startSession', { person: PersonId; kind: z.infer<typeof SessionKind>; method: string; proof: string; device: string }>
  | Of<'recordSessionUse'>
  | Of<'renewSession', { presented: string; next: string }>
  | Of<'endSession', { reason: SessionEndReason }>;

export const sessionStream = (id: string): string => `session-${id}`;
const USE_MS = 3600_000;
/** Whether a use now is worth an event. */
export const isUseDue = (usedAt: string, now: number): boolean => now - Date.parse(usedAt) >= USE_MS;

export const sessions: Decider<Session, SessionCommand, SessionEvent> = {
  initialState: () => ({ kind: 'cookie', method: '', proof: '', spent: new Set(), openedAt: '', usedAt: '' }),
  evolve: (state, event) => {
    const { time } = event.metadata;
    switch (event.type) {
      case 'SessionOpened': {
        const { person: owner, kind, method, proof } = event.data;
        return Object.assign(state, { owner, kind, method, proof, openedAt: time, usedAt: time });
      }
      case 'SessionUsed':
        state.usedAt = time;
        return state;
      case 'SessionRenewed':
        state.spent.add(state.proof);
        return Object.assign(state, { proof: event.data.proof, usedAt: time });
      case 'SessionEnded':
        state.ended = true;
        state.spent.clear();
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { now }) => {
    const { sessionId } = command;
    if (command.name === 'startSession') {
      if (state.owner) return refuse('AlreadyOpen', 'There is a session of this id.');
      const { person, kind, method, proof, device } = command;
      return [SessionOpened({ sessionId, person, kind, method, proof, device })];
    }
    if (!state.owner) return refuse('NotFound', 'There is no such session, or it is not yours.');
    switch (command.name) {
      case 'recordSessionUse':
        return !state.ended && isUseDue(state.usedAt, Date.parse(now)) ? [SessionUsed({ sessionId })] : [];
      case 'renewSession':
        if (state.ended || state.kind !== 'refresh') return over;
        if (command.presented === state.proof) return [SessionRenewed({ sessionId, proof: command.next })];
        return state.spent.has(command.presented) ? [SessionEnded({ sessionId, reason: 'reused' })] : over;
      case 'endSession':
        return state.ended ? [] : [SessionEnded({ sessionId, reason: command.reason })];
      default:
        return command satisfies never;
    }
  },
};

const over = refuse('SessionOver', 'This session is over: log in again.');
