import type { PersonId } from '../../domain/ids.ts';
import { isClaimable, personStream, persons } from '../../domain/person.ts';
import type { Loader } from './loader.ts';

/** Whose the loaded thing is: an anonymous owner whom somebody has claimed is that somebody. */
export async function resolveOwner(loader: Loader, state: unknown): Promise<PersonId | undefined> {
  const owner = typeof state === 'object' && state !== null && 'owner' in state ? (state.owner as PersonId | undefined) : undefined;
  if (owner === undefined || !isClaimable(owner)) return owner;
  return (await loader.load(personStream(owner), persons)).state.claimedBy ?? owner;
}
