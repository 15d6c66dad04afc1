import { z } from 'zod';
import type { PersonId } from './ids.ts';
import { type ModelRule, type Permission, permissionsOf } from './permission.ts';
import type { RoleRef } from './role-ref.ts';

export { Role, RoleRef } from './role-ref.ts';
/** What a restricted token may be used for: `administer` is what only administrators may do, of either kind. */
export const Scope = z.enum(['read', 'write', 'administer']);
export type Scope = z.infer<typeof Scope>;

/** Who acts. `service` is a part of Annals itself (a worker), acting for the person in `onBehalfOf`. */
export interface Principal {
  readonly id: PersonId;
  readonly kind: 'person' | 'anonymous' | 'service';
  readonly roles: readonly RoleRef[];
  readonly scopes?: readonly string[];
  readonly onBehalfOf?: PersonId;
  /** Anonymous persons this one has claimed: what is theirs is this person's too. */
  readonly claimed?: readonly PersonId[];
  /** By what it has come: the session or token. What is given out under it ends with it. */
  readonly grant?: string;
  /** What roles that administrators made, and grants, add to its roles. */
  readonly permissions?: readonly Permission[];
  /** Which models it may not use, and which it may all the same; the last one that fits counts. */
  readonly models?: readonly ModelRule[];
}

/** The ids whose data this principal owns: its own and those it has claimed. */
export const ownIds = (principal: Principal): readonly PersonId[] => [principal.id, ...(principal.claimed ?? [])];

/** Whether the principal may read or write at all: a token may be for less than its person may do, and who may only view things writes nothing. */
export function mayDo(verb: 'read' | 'write', principal: Principal): boolean {
  if (principal.scopes !== undefined && !principal.scopes.includes(verb)) return false;
  if (principal.kind === 'service') return true;
  const permissions = permissionsOf(principal);
  return verb === 'read' ? permissions.length > 0 : permissions.some(({ action }) => action !== 'view');
}
