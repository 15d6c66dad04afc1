import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Of all who log in, the first: an administrator from the start. */
export const FirstAdministratorAppointed = event('FirstAdministratorAppointed', 1, { person: PersonId });
export const administrationEvents = [FirstAdministratorAppointed] as const;

export interface Administration {
  first?: PersonId;
}
export type AdministrationCommand = { name: 'appointFirstAdministrator'; person: PersonId };

/** One for the whole installation: whoever opens it is the first administrator. */
export const ADMINISTRATION = 'installation-administrator';

export const administration: Decider<Administration, AdministrationCommand, EventOf<(typeof administrationEvents)[number]>> = {
  initialState: () => ({}),
  evolve: (_state, { data }) => ({ first: data.person }),
  decide: ({ person }, { first }) => {
    if (first === undefined) return [FirstAdministratorAppointed({ person })];
    return first === person ? [] : refuse('AlreadyAppointed', 'This installation has its first administrator.');
  },
};
