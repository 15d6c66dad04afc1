import type { PersonId } from './ids.ts';

export type Role = 'administrator' | 'member' | 'viewer' | 'auditor' | 'analyst';

/** Who acts. `service` is a part of Annals itself (a worker), acting for the person in `onBehalfOf`. */
export interface Principal {
  readonly id: PersonId;
  readonly kind: 'person' | 'anonymous' | 'service';
  readonly roles: readonly Role[];
  readonly scopes?: readonly string[];
  readonly onBehalfOf?: PersonId;
  /** Anonymous persons this one has claimed: what is theirs is this person's too. */
  readonly claimed?: readonly PersonId[];
}

/** The ids whose data this principal owns: its own and those it has claimed. */
export const ownIds = (principal: Principal): readonly PersonId[] => [principal.id, ...(principal.claimed ?? [])];
