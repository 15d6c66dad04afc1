import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { IsoTime, PersonId, SessionId } from './ids.ts';
import { type EventPlace, linkInvalid } from './invitation.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const ResetId = z
  .string()
  .max(128)
  .regex(/^reset_[0-9a-f]{32}$/, 'must be the id of a reset');

const person = { person: PersonId };
/** `dropped`: events whose hidden hashes nobody needs any more. `identity` is the name of the identity that stands for the e-mail address. */
export const PasswordSet = event('PasswordSet', 1, {
  ...person,
  why: z.enum(['invitation', 'change', 'reset']),
  identity: z.string(),
  dropped: z.array(z.string()),
  /** The session that stays, where all others of the person end with the change. */
  keeps: SessionId.optional(),
  ...sealed({ email: z.string(), hash: z.string() }, { hidden: ['hash'] }),
});
/** From then on a new password can be set with the reset's link, once. */
export const PasswordResetOpened = event('PasswordResetOpened', 1, { ...person, resetId: ResetId, expiresAt: IsoTime, addressed: z.boolean() });

export const credentialEvents = [PasswordSet, PasswordResetOpened] as const;
type CredentialEvent = EventOf<(typeof credentialEvents)[number]>;

export interface Credential {
  /** Where the password's hash stands, since when. */
  current?: EventPlace & { readonly at: string; readonly identity: string };
  /** When each ends that has not been used. */
  readonly resets: Map<string, string>;
}

type Of<Name extends string, Fields> = { name: Name; person: PersonId } & Fields;
export type CredentialCommand =
  | Of<'setFirstPassword', { identity: string; email: string; hash: string; promisedBy: string }>
  | Of<'changePassword', { over: string; email: string; hash: string; keeps?: SessionId }>
  | Of<'openPasswordReset', { resetId: string; validMs: number; addressed: boolean }>
  | Of<'resetPassword', { resetId: string; email: string; hash: string }>;

export const credentialStream = (person: string): string => `credential-${person}`;

/** As many links as are good for something at the same time: who asks more often than that has them already. */
const MOST_RESETS = 3;

export const credentials: Decider<Credential, CredentialCommand, CredentialEvent> = {
  initialState: () => ({ resets: new Map() }),
  evolve: (state, { type, data, id: eventId, revision, metadata }) => {
    if (type === 'PasswordResetOpened') {
      for (const [resetId, expiresAt] of state.resets) if (expiresAt <= metadata.time) state.resets.delete(resetId);
      state.resets.set(data.resetId, data.expiresAt);
      return state;
    }
    state.current = { eventId, revision, at: metadata.time, identity: data.identity };
    state.resets.clear();
    return state;
  },
  decide: (command, state, { now }) => {
    const { person } = command;
    const { current } = state;
    if (command.name === 'setFirstPassword') {
      const { identity, email, hash, promisedBy } = command;
      if (current) return refuse('PasswordSetAlready', 'This person has a password already.');
      return [PasswordSet({ person, why: 'invitation', identity, dropped: [promisedBy], email, hash })];
    }
    if (!current) return command.name === 'resetPassword' ? linkInvalid : refuse('NoPassword', 'This person does not log in with a password.');
    const next = { person, identity: current.identity, dropped: [current.eventId] };
    switch (command.name) {
      case 'changePassword':
        if (current.eventId !== command.over) return refuse('Conflict', 'The password has been changed meanwhile.');
        return [PasswordSet({ ...next, why: 'change', keeps: command.keeps, email: command.email, hash: command.hash })];
      case 'openPasswordReset': {
        const { resetId, validMs, addressed } = command;
        const expiresAt = new Date(Date.parse(now) + validMs).toISOString();
        const open = [...state.resets.values()].filter((end) => end > now);
        return addressed && open.length >= MOST_RESETS ? [] : [PasswordResetOpened({ person, resetId, expiresAt, addressed })];
      }
      case 'resetPassword': {
        const expiresAt = state.resets.get(command.resetId);
        if (expiresAt === undefined || now >= expiresAt) return linkInvalid;
        return [PasswordSet({ ...next, why: 'reset', email: command.email, hash: command.hash })];
      }
      default:
        return command satisfies never;
    }
  },
};
