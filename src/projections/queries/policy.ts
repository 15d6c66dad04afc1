import type { QueryPolicy } from '../query.ts';

/** Whoever has come in by a door; the query itself shows only what is theirs. */
export const anyPerson: QueryPolicy<unknown> = () => 'allow';

export const administratorsOnly: QueryPolicy<unknown> = ({ principal }) =>
  principal.kind === 'service' || principal.roles.includes('administrator')
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an administrator may see this.' };
