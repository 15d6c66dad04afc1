import type { ExportedConversation, ExportedMessage } from '../../domain/export/format.ts';
import type { ConversationId, FileId, MessageId, RunId } from '../../domain/ids.ts';
import type { Part } from '../../domain/message.ts';

/** The ids that things of a file get here: always the same ones for the same importer, and nobody else's. */
export interface NewIds {
  readonly conversation: (id: string) => ConversationId;
  readonly message: (id: string) => MessageId;
  readonly run: (id: string) => RunId;
  readonly file: (id: string) => FileId;
}

export function newIds(pseudonym: (text: string) => string): NewIds {
  return {
    conversation: (id) => `thread_${pseudonym(id)}` as ConversationId,
    message: (id) => `msg_${pseudonym(id)}` as MessageId,
    run: (id) => `run_${pseudonym(id)}` as RunId,
    file: (id) => `file-${pseudonym(id)}` as FileId,
  };
}

export const remapConversation = (from: ExportedConversation, ids: NewIds): ExportedConversation => ({
  ...from,
  id: ids.conversation(from.id),
  leaf: from.leaf === null ? null : ids.message(from.leaf),
});

/** `fileIdOf` says which file of the importer's a file of the archive is. */
export function remapMessage(from: ExportedMessage, ids: NewIds, fileIdOf: (id: string) => FileId): ExportedMessage {
  const part = (given: Part): Part => (given.type === 'file' && given.fileId !== undefined ? { ...given, fileId: fileIdOf(given.fileId) } : given);
  return {
    ...from,
    id: ids.message(from.id),
    conversationId: ids.conversation(from.conversationId),
    parentId: from.parentId === null ? null : ids.message(from.parentId),
    parts: from.parts.map(part),
    // What a client calls a message may be one of our ids.
    aliases: from.aliases,
    run: from.run && { ...from.run, id: ids.run(from.run.id) },
  };
}
