import { v5 } from 'uuid';
import { isNamedByOwner, resolveOwner } from '../adapters/event-store/owner.ts';
import type { Tell } from '../commands/command.ts';
import { deleteFile } from '../commands/file.ts';
import { requestJob } from '../commands/job.ts';
import { stopRun } from '../commands/run.ts';
import { annals } from '../commands/settle-active-run.ts';
import { ConversationDeleted, ConversationTrashed, conversationStream, conversations } from '../domain/conversation/index.ts';
import type { EventOf, RecordedEvent } from '../domain/event.ts';
import { FileDeleted, fileStream, files } from '../domain/file.ts';
import type { ConversationId, FileId, JobId, PersonId } from '../domain/ids.ts';
import { PersonErased } from '../domain/person.ts';
import { pages } from '../projections/pages.ts';
import type { Progress } from '../projections/progress.ts';
import type { Views } from '../projections/query.ts';
import { attachments, attachmentsOf } from '../projections/views/attachments.ts';
import { droppedScopes, dropping } from './apply-erasures.ts';
import { type EraseParts, eraseConversation, eraseFile } from './erase-conversation.ts';
import { caughtUp } from './erase-person/seen.ts';
import { done, type Reaction, type Verdict, verdictOf } from './reaction.ts';

export interface ErasureParts extends EraseParts {
  readonly tell: Tell;
  readonly views: Views;
  readonly progress: Progress;
}

const conversationIdOf = (stream: string): string => stream.slice('conversation-'.length);

/** What deleting and trashing bring with them: active runs stop, keys are destroyed, bytes go. */
export function createErasure(parts: ErasureParts): readonly Reaction[] {
  const { tell, loader, vault, views } = parts;
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

  /** Whether another thread of the same owner has the file too: the last one takes it along. */
  const isUsedElsewhere = async (fileId: FileId, owner: PersonId | undefined): Promise<boolean> => {
    for await (const page of pages(views, attachments, attachmentsOf(fileId))) {
      for (const conversationId of new Set(page.map(({ doc }) => doc.conversationId))) {
        const { state } = await loader.load(conversationStream(conversationId as ConversationId), conversations);
        const isThere = state.status === 'active' || state.status === 'trashed';
        if (isThere && (await resolveOwner(loader, state)) === owner && (await isNamedByOwner(loader, state, fileId, owner))) return true;
      }
    }
    return false;
  };

  const erase = async (recorded: RecordedEvent, signal: AbortSignal): Promise<Verdict> => {
    const event = recorded as unknown as EventOf<typeof ConversationDeleted>;
    const { conversationId, fileIds } = event.data;
    await eraseConversation(parts, conversationId, event.metadata.subject);
    const { state } = await loader.load(conversationStream(conversationId), conversations);
    const owner = await resolveOwner(loader, { owner: event.metadata.subject });
    if (fileIds.length > 0) await caughtUp(parts, [attachments.name], signal);
    for (const fileId of fileIds) {
      const { state: file } = await loader.load(fileStream(fileId), files);
      // Who may write here may have named a file that the owner never put here.
      if ((await resolveOwner(loader, file)) !== owner || !(await isNamedByOwner(loader, state, fileId, owner))) continue;
      if (await isUsedElsewhere(fileId, owner)) continue;
      const told = await tell(annals(event.metadata.subject), deleteFile({ fileId }), { causationId: event.id });
      if (!told.ok && told.error.code !== 'NotFound') return verdictOf(told.error);
    }
    return done;
  };

  const forgetFile = async (recorded: RecordedEvent): Promise<Verdict> => {
    await eraseFile(parts, (recorded as unknown as EventOf<typeof FileDeleted>).data.fileId);
    return done;
  };

  const dropSecrets = async ({ type, data }: RecordedEvent): Promise<Verdict> => {
    for (const scope of droppedScopes(type, data)) await vault.destroyScope(scope);
    return done;
  };

  /** The job that the end of an account names; of somebody whom the erased person had taken over it is under way. */
  const beginErasing = async ({ data, metadata, id }: RecordedEvent): Promise<Verdict> => {
    const { person, jobId } = data as { person: PersonId; jobId: JobId };
    const told = await tell(annals(person), requestJob({ jobId, kind: 'erase', person }), {
      commandId: v5('erase', id),
      causationId: id,
      correlationId: metadata.$correlationId,
    });
    return told.ok ? done : verdictOf(told.error);
  };

  return [
    { name: 'erase-person', types: [PersonErased.type], from: 'start', handle: beginErasing },
    { name: 'stop-trashed', types: [ConversationTrashed.type, ConversationDeleted.type], from: 'start', handle: stopActive },
    { name: 'erase-conversation', types: [ConversationDeleted.type], from: 'start', handle: erase },
    { name: 'erase-file', types: [FileDeleted.type], from: 'start', handle: forgetFile },
    { name: 'drop-key-secrets', types: dropping, from: 'start', handle: dropSecrets },
  ];
}
