import type { Condition } from '../../adapters/document-store/port.ts';
import { ownIds, type Principal } from '../../domain/principal.ts';

/** The filter of whatever lists things: the principal's own, and what it has claimed. */
export function ownerFilter(principal: Principal): Condition {
  const [only, ...others] = ownIds(principal);
  return others.length === 0 && only !== undefined ? only : { in: ownIds(principal) };
}

export const isOwn = (principal: Principal, { owner }: { readonly owner: string }): boolean =>
  principal.kind === 'service' || ownIds(principal).some((id) => id === owner);
