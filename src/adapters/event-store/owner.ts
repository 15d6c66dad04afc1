import type { Conversation } from '../../domain/conversation/index.ts';
import type { FileId, PersonId } from '../../domain/ids.ts';
import { isClaimable, personStream, persons } from '../../domain/person.ts';
import type { Loader } from './loader.ts';

/** Whose the loaded thing is: an anonymous owner whom somebody has claimed is that somebody. */
export async function resolveOwner(loader: Loader, state: unknown): Promise<PersonId | undefined> {
  const owner = typeof state === 'object' && state !== null && 'owner' in state ? (state.owner as PersonId | undefined) : undefined;
  if (owner === undefined || !isClaimable(owner)) return owner;
  return (await loader.load(personStream(owner), persons)).state.claimedBy ?? owner;
}

/** Whether the owner of a file has put it into the conversation: what others name there is theirs only. */
export async function isNamedByOwner(
  loader: Loader,
  { files }: Pick<Conversation, 'files'>,
  fileId: string,
  owner: PersonId | undefined,
): Promise<boolean> {
  if (owner === undefined) return false;
  for (const author of files.get(fileId as FileId) ?? []) if ((await resolveOwner(loader, { owner: author })) === owner) return true;
  return false;
}
