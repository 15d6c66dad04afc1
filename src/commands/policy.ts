import type { Conversation } from '../domain/conversation/index.ts';
import type { RunId } from '../domain/ids.ts';
import type { Policy } from './command.ts';

/** Whoever has come in by a door: a person, anonymous or not, or a part of Annals. */
export const anyPerson: Policy = () => 'allow';

/** Only parts of Annals itself. */
export const annalsOnly: Policy = ({ principal }) => (principal.kind === 'service' ? 'allow' : 'notFound');

export const administratorsOnly: Policy = ({ principal }) =>
  principal.kind === 'service' || principal.roles.includes('administrator')
    ? 'allow'
    : { code: 'Forbidden', message: 'Only an administrator may do this.' };

/** Persons with a name: an anonymous visitor has to log in first. */
export const namedPerson: Policy = ({ principal }) =>
  principal.kind === 'anonymous' ? { code: 'Forbidden', message: 'Log in first: an anonymous visitor cannot do this.' } : 'allow';

/** The owner of the loaded thing, or a part of Annals. Absent and foreign look the same. */
export const ownerOnly: Policy = ({ principal, owner }) =>
  owner !== undefined && (principal.kind === 'service' || owner === principal.id) ? 'allow' : 'notFound';

/** The owner of the conversation that lists this run. */
export const ownerOfRun: Policy<{ runId: RunId }, Conversation> = (request) =>
  request.state.runs.has(request.input.runId) ? ownerOnly(request) : 'notFound';

export const annalsOnRun: Policy<{ runId: RunId }, Conversation> = (request) =>
  request.state.runs.has(request.input.runId) ? annalsOnly(request) : 'notFound';
