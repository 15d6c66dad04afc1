import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { PersonId } from './ids.ts';
import { LoginMethod } from './session.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const login = { person: PersonId, identity: z.string() };
/** From then on the person may log in as this identity; `account` is what the provider calls it, for its owner to know it again. */
export const LoginAdded = event('LoginAdded', 1, { ...login, method: LoginMethod, ...sealed({ account: z.string().max(320) }) });
export const LoginRemoved = event('LoginRemoved', 1, login);
export const loginEvents = [LoginAdded, LoginRemoved] as const;

/** The ways in which one person logs in: each is an identity that has been opened for it. */
export interface Logins {
  owner?: PersonId;
  readonly identities: Set<string>;
  readonly removed: Set<string>;
}
type Of<Name extends string, Fields = unknown> = { name: Name; person: PersonId; identity: string } & Fields;
export type LoginsCommand = Of<'addLogin', { method: string; account: string; again: boolean }> | Of<'removeLogin'>;

export const loginsStream = (person: string): string => `logins-${person}`;

export const logins: Decider<Logins, LoginsCommand, EventOf<(typeof loginEvents)[number]>> = {
  initialState: () => ({ identities: new Set(), removed: new Set() }),
  evolve: (state, { type, data }) => {
    state.owner = data.person;
    const [into, from] = type === 'LoginAdded' ? [state.identities, state.removed] : [state.removed, state.identities];
    into.add(data.identity);
    from.delete(data.identity);
    return state;
  },
  decide: (command, { identities, removed }) => {
    const { person, identity } = command;
    switch (command.name) {
      case 'addLogin':
        if (identities.has(identity)) return [];
        // Whoever removed it died before the identity was released.
        if (removed.has(identity) && !command.again) return refuse('LoginRemoved', 'This person does not log in that way any more.');
        return [LoginAdded({ person, identity, method: command.method, account: command.account })];
      case 'removeLogin':
        if (!identities.has(identity)) return removed.has(identity) ? [] : refuse('NotFound', 'There is no such way to log in, or it is not yours.');
        if (identities.size === 1) return refuse('LastLogin', 'This is the only way you log in: link another one first.');
        return [LoginRemoved({ person, identity })];
      default:
        return command satisfies never;
    }
  },
};
