import { z } from 'zod';
import type { PersonId } from './ids.ts';

export const Role = z.enum(['administrator', 'member', 'viewer', 'auditor', 'analyst']);
export type Role = z.infer<typeof Role>;
/** What a restricted token may be used for: `administer` is what only administrators may do, of either kind. */
export const Scope = z.enum(['read', 'write', 'administer']);
export type Scope = z.infer<typeof Scope>;

/** Who acts. `service` is a part of Annals itself (a worker), acting for the person in `onBehalfOf`. */
export interface Principal {
  readonly id: PersonId;
  readonly kind: 'person' | 'anonymous' | 'service';
  readonly roles: readonly Role[];
  readonly scopes?: readonly string[];
  readonly onBehalfOf?: PersonId;
  /** Anonymous persons this one has claimed: what is theirs is this person's too. */
  readonly claimed?: readonly PersonId[];
  /** By what it has come: the session or token. What is given out under it ends with it. */
  readonly grant?: string;
}

/** The ids whose data this principal owns: its own and those it has claimed. */
export const ownIds = (principal: Principal): readonly PersonId[] => [principal.id, ...(principal.claimed ?? [])];

/** Whether the principal may read or write at all: a token may be for less than its person may do, and who only views writes nothing. */
export const mayDo = (verb: 'read' | 'write', { roles, scopes }: Principal): boolean =>
  (scopes === undefined || scopes.includes(verb)) && (verb === 'read' || roles.length === 0 || roles.some((role) => role !== 'viewer'));
