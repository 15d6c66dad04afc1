import type { DomainError } from '../../domain/decider.ts';
import { may, mayEver } from '../../permissions/ability.ts';
import type { QueryPolicy } from '../query.ts';

const notAllowed: DomainError = { code: 'Forbidden', message: 'You have no permission to see this: ask an administrator.' };

/** Whoever has come in by a door and may see things of their own; the query itself shows only what is theirs. */
export const anyPerson: QueryPolicy<unknown> = ({ principal, needs }) =>
  needs === 'self' || mayEver(principal, needs ?? 'thing.view') ? 'allow' : notAllowed;

/** An administrator, or whoever may see just this of everybody. */
export const administratorsOnly: QueryPolicy<unknown> = ({ principal, needs }) =>
  principal.kind === 'service' || principal.roles.includes('administrator') || (needs !== undefined && needs !== 'self' && may(principal, needs, {}))
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an administrator may see this.' };

/** Those who look after the log: what they may see of it is everybody's, and never anybody's text. */
export const auditorsOnly: QueryPolicy<unknown> = ({ principal }) =>
  may(principal, 'audit.view', {}) ? 'allow' : { code: 'Forbidden', message: 'Only an auditor or an administrator may see this.' };
