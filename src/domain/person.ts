import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Of an anonymous person, on its own stream: from now on what was its own is the claimer's. */
export const AnonymousClaimed = event('AnonymousClaimed', 1, { anonymous: PersonId, by: PersonId });
export const TokenCreated = event('TokenCreated', 1, { tokenId: z.string(), scopes: z.array(z.string()), expiresAt: z.iso.datetime().optional() });

export const personEvents = [AnonymousClaimed, TokenCreated] as const;
type PersonEvent = EventOf<(typeof personEvents)[number]>;

export interface Person {
  claimedBy?: PersonId;
}

export type PersonCommand =
  | { name: 'claimAnonymous'; anonymous: PersonId; by: PersonId }
  | { name: 'createToken'; tokenId: string; scopes: string[]; expiresAt?: string };

export const personStream = (id: string): string => `person-${id}`;
export const ANONYMOUS_PREFIX = 'person_anon_';
export const isAnonymous = (id: string): boolean => id.startsWith(ANONYMOUS_PREFIX);

export const persons: Decider<Person, PersonCommand, PersonEvent> = {
  initialState: () => ({}),
  evolve: (state, event) => {
    if (event.type === 'AnonymousClaimed') state.claimedBy = event.data.by;
    return state;
  },
  decide: (command, state) => {
    switch (command.name) {
      case 'claimAnonymous':
        if (!isAnonymous(command.anonymous)) return refuse('NotFound', 'There is no such anonymous visitor.');
        if (state.claimedBy === command.by) return [];
        if (state.claimedBy) return refuse('AlreadyClaimed', 'These threads have been taken over by somebody else.');
        return [AnonymousClaimed({ anonymous: command.anonymous, by: command.by })];
      case 'createToken':
        return [TokenCreated({ tokenId: command.tokenId, scopes: command.scopes, expiresAt: command.expiresAt })];
      default:
        return command satisfies never;
    }
  },
};
