import type { QueryPolicy } from '../query.ts';

/** Whoever has come in by a door; the query itself shows only what is theirs. */
export const anyPerson: QueryPolicy<unknown> = () => 'allow';

export const administratorsOnly: QueryPolicy<unknown> = ({ principal }) =>
  principal.kind === 'service' || principal.roles.includes('administrator')
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an administrator may see this.' };

/** Those who look after the log: what they may see of it is everybody's, and never anybody's text. */
export const auditorsOnly: QueryPolicy<unknown> = ({ principal }) =>
  principal.kind === 'service' || principal.roles.some((role) => role === 'administrator' || role === 'auditor')
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an auditor or an administrator may see this.' };
