import type { Conversation } from '../domain/conversation/index.ts';
import type { DomainError } from '../domain/decider.ts';
import type { RunId } from '../domain/ids.ts';
import { exceeding, type Need, type Permission, permissionName } from '../domain/permission.ts';

import type { ShareLevel } from '../domain/share.ts';
import { may, mayEver, mayUseModel } from '../permissions/ability.ts';
import type { Decision, Policy, PolicyRequest } from './command.ts';

const forbidden = (message: string): DomainError => ({ code: 'Forbidden', message });
/** Whoever wants to do something with a thing needs a permission that is about things. */
const permissionIn = (needs: Need | 'self' | undefined): Need | undefined => (needs === 'self' ? undefined : needs);
const notAllowed = forbidden('You have no permission for this: ask an administrator.');

/** Whoever has come in by a door and may do this with things of their own: a person, anonymous or not, or a part of Annals. */
export const anyPerson: Policy = ({ principal, needs }) => (needs === 'self' || mayEver(principal, needs) ? 'allow' : notAllowed);

/** Only parts of Annals itself. */
export const annalsOnly: Policy = ({ principal }) => (principal.kind === 'service' ? 'allow' : 'notFound');

/** An administrator, or whoever has been permitted just this with everybody's. */
export const administratorsOnly: Policy = ({ principal, needs }) =>
  principal.kind === 'service' || principal.roles.includes('administrator') || (needs !== undefined && may(principal, permissionIn(needs), {}))
    ? 'allow'
    : forbidden('Only an administrator may do this.');

/** Persons with a name: an anonymous visitor has to log in first. */
export const namedPerson: Policy = (request) =>
  request.principal.kind === 'anonymous' ? forbidden('Log in first: an anonymous visitor cannot do this.') : anyPerson(request);

/** Who speaks of oneself needs no permission for it, but a name. */
export const namedSelf: Policy = ({ principal }) =>
  principal.kind === 'anonymous' ? forbidden('Log in first: an anonymous visitor cannot do this.') : 'allow';

/** The owner of the loaded thing, or a part of Annals. Absent and foreign look the same. */
export const ownerOnly: Policy = ({ principal, owner, needs, ...request }) => {
  if (owner === undefined) return 'notFound';
  if (principal.kind === 'service') return 'allow';
  if (owner === principal.id) return may(principal, permissionIn(needs), { owner }) ? 'allow' : notAllowed;
  return isSeen({ principal, owner, needs, ...request }) ? forbidden('Only the owner may do this.') : 'notFound';
};

/** The owner of the loaded thing, and whoever it is shared with far enough. Who may see it, but not do this, is told so; to all others it is not there. */
export const ownerOrShared: Policy = (request) => {
  const { principal, owner, needs } = request;
  if (owner === undefined) return 'notFound';
  if (may(principal, permissionIn(needs), { owner, shares: sharesOf(request) })) return 'allow';
  return owner === principal.id || isSeen(request) ? notAllowed : 'notFound';
};

const sharesOf = ({ state, shares }: Pick<PolicyRequest<unknown, unknown>, 'state' | 'shares'>): ReadonlyMap<string, ShareLevel> | undefined =>
  shares ?? (state as { shares?: ReadonlyMap<string, ShareLevel> } | null | undefined)?.shares;

function isSeen(request: PolicyRequest<unknown, unknown>): boolean {
  const [resource] = (request.needs ?? '').split('.');
  return request.needs !== undefined && may(request.principal, `${resource}.view` as Need, { owner: request.owner, shares: sharesOf(request) });
}

/** The first policy that does not allow it decides. */
export const both =
  <Input, State>(...policies: Policy<Input, State>[]): Policy<Input, State> =>
  (request) => {
    for (const policy of policies) {
      const decision = policy(request);
      if (decision !== 'allow') return decision;
    }
    return 'allow';
  };

/** A model that somebody names must be one that they may use. */
export const allowedModel: Policy<{ model?: string | undefined }> = ({ principal, input: { model } }) =>
  model === undefined || mayUseModel(principal, model) ? 'allow' : forbidden(`You may not use the model ${model}: choose one of your list.`);

/** Whoever has access to the conversation that lists this run. */
export const ownerOfRun: Policy<{ runId: RunId }, Conversation> = (request) =>
  request.state.runs.has(request.input.runId) ? ownerOrShared(request) : 'notFound';

export const annalsOnRun: Policy<{ runId: RunId }, Conversation> = (request) =>
  request.state.runs.has(request.input.runId) ? annalsOnly(request) : 'notFound';

/** Nobody gives what they do not hold, and for now only administrators give at all. */
export const giversOnly =
  <Input>(given: (input: Input) => readonly Permission[]): Policy<Input> =>
  ({ principal, input }): Decision => {
    if (principal.kind === 'service') return 'allow';
    if (!principal.roles.includes('administrator')) return forbidden('Only an administrator may do this.');
    const more = exceeding(principal, given(input));
    return more.length === 0 ? 'allow' : forbidden(`Nobody gives more than they have themselves: ${more.map(permissionName).join(', ')}.`);
  };
