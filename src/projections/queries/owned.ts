import type { Condition } from '../../adapters/document-store/port.ts';
import type { Need } from '../../domain/permission.ts';
import type { Principal } from '../../domain/principal.ts';
import type { ShareLevel } from '../../domain/share.ts';
import { listed, may, type Thing } from '../../permissions/ability.ts';

/** The filter of whatever lists things of a kind, by the principal's rules: its own and what it has claimed, or everybody's where it may see these. */
export function listFilter(principal: Principal, need: Need): Readonly<Record<string, Condition>> {
  const owners = listed(principal, need);
  return owners === 'all' ? {} : { owner: oneOf(owners) };
}

/** The same of things that have no kind of their own. */
export const ownerFilter = (principal: Principal): Condition => {
  const owners = listed(principal, 'thing.view');
  return owners === 'all' ? { exists: true } : oneOf(owners);
};

const oneOf = (owners: readonly string[]): Condition => {
  const [only, ...others] = owners;
  return others.length === 0 && only !== undefined ? only : { in: owners };
};

export const isOwn = (principal: Principal, { owner }: { readonly owner: string }, need: Need = 'thing.view'): boolean =>
  may(principal, need, { owner });

/** How far the principal's access to a conversation goes. */
export function accessTo(principal: Principal, thing: Thing): 'owner' | ShareLevel {
  if (may(principal, 'conversation.delete', { owner: thing.owner })) return 'owner';
  if (may(principal, 'conversation.manage', thing)) return 'manage';
  return may(principal, 'conversation.edit', thing) ? 'edit' : 'view';
}
