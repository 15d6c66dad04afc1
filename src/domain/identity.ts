import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const of = { identity: z.string(), person: PersonId };
/** Whoever proves this identity is that person: of all who want it at the same time, the first. */
export const IdentityOpened = event('IdentityOpened', 1, of);
/** It is nobody's any more: whoever comes with it next is somebody new. */
export const IdentityReleased = event('IdentityReleased', 1, of);
export const identityEvents = [IdentityOpened, IdentityReleased] as const;

export interface Identity {
  person?: PersonId;
}
export type IdentityCommand = { name: 'openIdentity' | 'releaseIdentity'; identity: string; person: PersonId };

/** `identity` is an HMAC of whatever identifies: nothing leads back from it. */
export const identityStream = (identity: string): string => `identity-${identity}`;

export const identities: Decider<Identity, IdentityCommand, EventOf<(typeof identityEvents)[number]>> = {
  initialState: () => ({}),
  evolve: (_state, { type, data }) => (type === 'IdentityOpened' ? { person: data.person } : {}),
  decide: ({ name, identity, person }, state) => {
    if (name === 'releaseIdentity') return state.person === person ? [IdentityReleased({ identity, person })] : [];
    if (state.person !== undefined && state.person !== person) return refuse('IdentityTaken', 'Somebody else logs in this way already.');
    return state.person === person ? [] : [IdentityOpened({ identity, person })];
  },
};
