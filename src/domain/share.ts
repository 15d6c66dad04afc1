import { z } from 'zod';
import { type Refusal, refuse } from './decider.ts';
import { PersonId } from './ids.ts';
import { RoleRef } from './role-ref.ts';

/** How far a share goes: `view` reads, `edit` also writes, `manage` also shares with others. Deleting stays the owner's. */
export const ShareLevel = z.enum(['view', 'edit', 'manage']);
export type ShareLevel = z.infer<typeof ShareLevel>;
/** With whom something is shared: a person with a name, or all who have a role. */
export const Grantee = z.union([PersonId.refine((id) => !id.startsWith('person_anon_'), 'must be a person with a name'), RoleRef]);
export type Grantee = z.infer<typeof Grantee>;
/** By whom it is shared with. */
export type Shares = Map<string, ShareLevel>;

export const shareFields = { with: Grantee, level: ShareLevel };
export const unshareFields = { with: Grantee };

const MOST_SHARES = 200;

/** What a command that shares comes to: the share as it is to be written, nothing where it stands so already, or why not. */
export function decideShare<Event>(
  { owner, shares }: { readonly owner?: string | undefined; readonly shares: Shares },
  { with: grantee, level }: { readonly with: string; readonly level: ShareLevel },
  made: () => Event,
): Event[] | Refusal {
  if (grantee === owner) return refuse('OwnShare', 'It is theirs already: share it with somebody else.');
  if (shares.get(grantee) === level) return [];
  if (!shares.has(grantee) && shares.size >= MOST_SHARES)
    return refuse('TooManyShares', `It is shared with ${MOST_SHARES} already: share it with a role instead.`);
  return [made()];
}

export const decideUnshare = <Event>(
  { shares }: { readonly shares: Shares },
  { with: grantee }: { readonly with: string },
  made: () => Event,
): Event[] => (shares.has(grantee) ? [made()] : []);

const actionsOf: Readonly<Record<ShareLevel, readonly string[]>> = {
  view: ['view', 'use'],
  edit: ['view', 'use', 'edit'],
  manage: ['view', 'use', 'edit', 'manage'],
};

/** By action: with whom it is shared far enough for it. */
export function granteesByAction(shares: ReadonlyMap<string, ShareLevel>): Readonly<Record<string, readonly string[]>> {
  const made: Record<string, string[]> = {};
  for (const [grantee, level] of shares) for (const action of actionsOf[level]) made[action] = [...(made[action] ?? []), grantee];
  return made;
}
