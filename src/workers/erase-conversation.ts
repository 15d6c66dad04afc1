import type { Blobs } from '../adapters/blobs/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import { isSealed } from '../domain/event.ts';
import { fileStream, files } from '../domain/file.ts';
import type { ConversationId, FileId, RunId } from '../domain/ids.ts';
import { runStream } from '../domain/run/index.ts';

export interface EraseParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly vault: KeyVault;
  readonly blobs: Blobs;
  readonly liveLog: LiveLog;
}

/** The keys of a deleted conversation, its long texts and what is left of its answers in the live log. Doing it again changes nothing. */
export async function eraseConversation({ store, loader, vault, blobs, liveLog }: EraseParts, id: ConversationId, owner: string): Promise<void> {
  // Whoever is erased has no keys any more.
  if (!(await vault.isDestroyed({ subject: owner, scope: id }))) await vault.destroyScope(id);
  const { state } = await loader.load(conversationStream(id), conversations);
  const runs: RunId[] = [...state.runs.keys()];
  for (const stream of [conversationStream(id), ...runs.map(runStream)]) await eraseBlobs({ store, blobs }, stream);
  for (const run of runs) await liveLog.expire(run, 0);
  await liveLog.sweep(1);
}

/** Texts that were too long for their events. */
async function eraseBlobs({ store, blobs }: Pick<EraseParts, 'store' | 'blobs'>, stream: string): Promise<void> {
  for await (const { data } of store.read(stream)) if (isSealed(data.sealed) && data.sealed.b !== undefined) await blobs.delete(data.sealed.b);
}

/** The key and the bytes of a deleted file. */
export async function eraseFile({ loader, vault, blobs }: Pick<EraseParts, 'loader' | 'vault' | 'blobs'>, fileId: FileId): Promise<void> {
  const { state } = await loader.load(fileStream(fileId), files);
  const scope = fileStream(fileId);
  if (!(await vault.isDestroyed({ subject: state.owner ?? '', scope }))) await vault.destroyScope(scope);
  if (state.blobId !== undefined) await blobs.delete(state.blobId);
}
