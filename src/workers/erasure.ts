import type { Blobs } from '../adapters/blobs/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import { type EventStore, type Position, START } from '../adapters/event-store/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import type { Tell } from '../commands/command.ts';
import { deleteFile } from '../commands/file.ts';
import { hiddenScope } from '../commands/hidden.ts';
import { stopRun } from '../commands/run.ts';
import { annals } from '../commands/settle-active-run.ts';
import { ConversationDeleted, ConversationTrashed, conversationStream, conversations } from '../domain/conversation/index.ts';
import type { EventOf, RecordedEvent } from '../domain/event.ts';
import { FileDeleted, fileStream, files } from '../domain/file.ts';
import { McpServerChanged, McpServerRemoved } from '../domain/mcp/server.ts';
import { PromptDeleted } from '../domain/prompt/index.ts';
import { ProviderKeyGraceEnded, ProviderKeyRemoved, ProviderKeyRotated } from '../domain/provider-key.ts';
import { done, type Reaction, type Verdict, verdictOf } from './reaction.ts';

export interface ErasureParts {
  readonly store: EventStore;
  readonly tell: Tell;
  readonly loader: Loader;
  readonly vault: KeyVault;
  readonly blobs: Blobs;
  readonly liveLog: LiveLog;
}

const dropping: readonly string[] = [
  ProviderKeyRotated.type,
  ProviderKeyGraceEnded.type,
  ProviderKeyRemoved.type,
  McpServerChanged.type,
  McpServerRemoved.type,
  PromptDeleted.type,
];
/** The keys of secrets and prompts that nobody needs any more, by the event that says so. */
function droppedScopes(type: string, data: object): string[] {
  if (type === PromptDeleted.type) return [(data as { promptId: string }).promptId];
  return dropping.includes(type) ? (data as { dropped: string[] }).dropped.map(hiddenScope) : [];
}

const conversationIdOf = (stream: string): string => stream.slice('conversation-'.length);

/** What deleting and trashing bring with them: active runs stop, keys are destroyed, bytes go. */
export function createErasure({ tell, loader, vault, blobs, liveLog }: ErasureParts): readonly Reaction[] {
  const stopActive = async ({ stream, metadata, id }: RecordedEvent): Promise<Verdict> => {
    const conversationId = conversationIdOf(stream);
    const { state } = await loader.load(stream, conversations);
    const run = state.active && state.runs.get(state.active);
    if (state.status === 'active' || !state.active || !run) return done;
    const told = await tell(
      annals(metadata.subject),
      stopRun({ conversationId: conversationId as never, runId: state.active, messageId: run.messageId }),
      { causationId: id },
    );
    return told.ok ? done : verdictOf(told.error);
  };

  const erase = async (recorded: RecordedEvent): Promise<Verdict> => {
    const event = recorded as unknown as EventOf<typeof ConversationDeleted>;
    const { conversationId, fileIds } = event.data;
    await vault.destroyScope(conversationId);
    const { state } = await loader.load(conversationStream(conversationId), conversations);
    for (const runId of state.runs.keys()) await liveLog.expire(runId, 0);
    await liveLog.sweep(1);
    const owner = await resolveOwner(loader, { owner: event.metadata.subject });
    for (const fileId of fileIds) {
      const { state: file } = await loader.load(fileStream(fileId), files);
      if ((await resolveOwner(loader, file)) !== owner) continue;
      const told = await tell(annals(event.metadata.subject), deleteFile({ fileId }), { causationId: event.id });
      if (!told.ok && told.error.code !== 'NotFound') return verdictOf(told.error);
    }
    return done;
  };

  const eraseFile = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { fileId } = (recorded as unknown as EventOf<typeof FileDeleted>).data;
    const { state } = await loader.load(fileStream(fileId), files);
    await vault.destroyScope(fileStream(fileId));
    if (state.blobId !== undefined) await blobs.delete(state.blobId);
    return done;
  };

  const dropSecrets = async ({ type, data }: RecordedEvent): Promise<Verdict> => {
    for (const scope of droppedScopes(type, data)) await vault.destroyScope(scope);
    return done;
  };

  return [
    { name: 'stop-trashed', types: [ConversationTrashed.type, ConversationDeleted.type], from: 'start', handle: stopActive },
    { name: 'erase-conversation', types: [ConversationDeleted.type], from: 'start', handle: erase },
    { name: 'erase-file', types: [FileDeleted.type], from: 'start', handle: eraseFile },
    { name: 'drop-key-secrets', types: dropping, from: 'start', handle: dropSecrets },
  ];
}

/**
 * Before the vault hands out its first key: every erasure in the log after the vault's own mark is applied again, so that an older vault (a restored one)
 * opens nothing that was erased since; the mark of another epoch says nothing about this log. Answers how many there were.
 */
export async function applyErasures(store: EventStore, vault: KeyVault): Promise<number> {
  const stop = new AbortController();
  const epoch = await store.epoch();
  const [markedEpoch, marked] = (await vault.mark()).split('.');
  const mark: Position = markedEpoch === epoch && marked !== undefined ? marked : START;
  let count = 0;
  let seen = mark;
  if ((await store.head()) <= mark) return 0;
  for await (const batch of store.tail(mark, { signal: stop.signal })) {
    for (const { type, data } of batch.events) {
      const scope =
        type === ConversationDeleted.type
          ? (data as { conversationId: string }).conversationId
          : type === FileDeleted.type
            ? fileStream((data as { fileId: string }).fileId)
            : undefined;
      for (const each of [...(scope === undefined ? [] : [scope]), ...droppedScopes(type, data)]) {
        await vault.destroyScope(each);
        count++;
      }
    }
    seen = batch.seen;
    if (batch.caughtUp) break;
  }
  stop.abort();
  await vault.setMark(`${epoch}.${seen}`);
  return count;
}
