import type { Blobs } from '../../adapters/blobs/port.ts';
import type { Loader } from '../../adapters/event-store/loader.ts';
import { resolveOwner } from '../../adapters/event-store/owner.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { CommandValue, Tell, Told } from '../../commands/command.ts';
import { deleteFile, importFile } from '../../commands/file.ts';
import { completeImport, importConversation, importMessages, importRun } from '../../commands/import.ts';
import { setConversationMasking, setMaskedWords } from '../../commands/masking.ts';
import { changeProfile } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { conversationStream, conversations } from '../../domain/conversation/index.ts';
import { isUnopened } from '../../domain/event.ts';
import type { ExportedConversation, ExportedMessage } from '../../domain/export/format.ts';
import { importedFileOf } from '../../domain/export/index.ts';
import { fileStream, files } from '../../domain/file.ts';
import type { FileId, PersonId } from '../../domain/ids.ts';
import { maskedWords, maskedWordsStream } from '../../domain/masking/index.ts';
import type { Profile } from '../../domain/person.ts';
import type { Views } from '../../projections/query.ts';
import { people } from '../../projections/views/people.ts';
import { ArchiveRefused } from '../archive/tar.ts';
import { JobFailed, type JobPlan, type JobWork } from '../jobs/kind.ts';
import { type ArchiveLimits, readArchive } from './read-archive.ts';
import { newIds, remapConversation, remapMessage } from './remap.ts';

export interface ImportParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly views: Views;
  readonly sealer: Sealer;
  readonly blobs: Blobs;
  /** A name that leads to nobody, the same for the same text within one purpose. */
  readonly pseudonym: (purpose: string, text: string) => string;
  readonly limits?: ArchiveLimits;
}

const BATCH = 100;
/** An event store takes no more than so much at once. */
const BATCH_BYTES = 512 * 1024;

/**
 * Everything that a person can bring along, out of the file of an export: threads with their answers, files, its own words about itself. All of it becomes
 * the importer's, under ids of this installation; what is there already stays as it is, so that importing twice is importing once. Nothing is begun by it.
 */
export function createImport(parts: ImportParts): JobPlan {
  return {
    steps: [
      { name: 'read', run: (work) => readAll(parts, work) },
      {
        name: 'remove',
        run: async ({ jobId, person }) => {
          await parts.tell(annals(person), deleteFile({ fileId: importedFileOf(jobId) }));
          return undefined;
        },
      },
    ],
    clean: async ({ jobId, person }) => void (await parts.tell(annals(person), deleteFile({ fileId: importedFileOf(jobId) }))),
  };
}

interface Counts {
  conversations: number;
  messages: number;
  files: number;
  known: number;
}

async function readAll(parts: ImportParts, work: JobWork): Promise<{ conversations: number; messages: number; files: number; known: number }> {
  const { person, jobId } = work;
  const counts: Counts = { conversations: 0, messages: 0, files: 0, known: 0 };
  const importing = createImporting(parts, person, counts);
  let done = 0;
  try {
    for await (const item of readArchive(bytesOf(parts, importedFileOf(jobId)), parts.limits)) {
      work.signal.throwIfAborted();
      if (item.kind === 'person') await importing.person(item.value.profile, item.value.maskedWords);
      else if (item.kind === 'bytes') await importing.bytes(item.fileId, item.bytes);
      else if (item.kind === 'file') await importing.file(item.value);
      else if (item.kind === 'conversation') await importing.conversation(item.value);
      else await importing.message(item.value);
      await work.report(++done, 0);
    }
    await importing.end();
  } catch (error) {
    if (error instanceof ArchiveRefused) throw new JobFailed(error.code);
    throw error;
  }
  return counts;
}

async function* bytesOf({ loader, blobs, sealer }: ImportParts, fileId: FileId): AsyncGenerator<Uint8Array> {
  const { blobId, key } = (await loader.load(fileStream(fileId), files)).state;
  const stored = blobId === undefined ? undefined : await blobs.get(blobId);
  const opened = stored && blobId && key ? await sealer.openBytes({ k: key, a: blobId, bytes: Buffer.from(stored) }) : undefined;
  if (opened === undefined || isUnopened(opened)) throw new JobFailed('FileGone');
  yield opened;
}

function createImporting({ tell, loader, views, sealer, blobs, pseudonym }: ImportParts, person: PersonId, counts: Counts) {
  const ids = newIds((text) => pseudonym(`import for ${person}`, text));
  const self = annals(person);
  /** Threads that this import brings, by the id that they have in the file. */
  const heads = new Map<string, ExportedConversation>();
  /** Files that the importer has under the id of the file. */
  const own = new Set<string>();
  /** Bytes that wait for what is said of them. */
  const stored = new Map<string, { blobId: string; key: string; size: number }>();
  let batch: ExportedMessage[] = [];
  let batchBytes = 0;

  const must = async <Result>(command: CommandValue<Result>): Promise<Extract<Told<Result>, { ok: true }> | undefined> => {
    const told = await tell(self, command);
    if (told.ok) return told;
    // Somebody has deleted it meanwhile, or before: it stays deleted.
    if (told.error.code === 'NotFound') return undefined;
    if (told.error.code === 'MessageNotFound') throw new JobFailed('ArchiveInvalid');
    throw Object.assign(new Error(`${told.error.code}: ${told.error.message}`), { code: told.error.code });
  };
  const isOwn = async (state: object & { owner?: PersonId }): Promise<boolean> => (await resolveOwner(loader, state)) === person;
  const fileIdOf = (id: string): FileId => (own.has(id) ? (id as FileId) : ids.file(id));

  const flush = async (): Promise<void> => {
    const [first] = batch;
    if (!first) return;
    const messages = batch;
    batch = [];
    batchBytes = 0;
    const { conversationId } = first;
    const before = (await loader.load(conversationStream(conversationId), conversations)).state.nodes.size;
    if (!(await must(importMessages({ conversationId, messages })))) return;
    counts.messages += (await loader.load(conversationStream(conversationId), conversations)).state.nodes.size - before;
    for (const from of messages) if (from.run) await must(importRun({ conversationId, runId: from.run.id, messageId: from.id, from }));
  };

  return {
    async person(profile: Profile, words: string[]): Promise<void> {
      const said = (await views.get(people, person))?.doc.profile ?? {};
      const missing = Object.fromEntries(Object.entries(profile).filter(([field]) => !(field in said)));
      if (Object.keys(missing).length > 0) await must(changeProfile({ person, profile: missing }));
      if (words.length > 0 && (await loader.load(maskedWordsStream(person), maskedWords)).state.count === 0) await must(setMaskedWords({ words }));
    },
    async bytes(id: string, bytes: Uint8Array): Promise<void> {
      if (await isOwn((await loader.load(fileStream(id), files)).state)) own.add(id);
      const fileId = fileIdOf(id);
      if ((await loader.load(fileStream(fileId), files)).state.status !== 'absent') return;
      const blobId = `blob_${pseudonym(`bytes of an import for ${person}`, id)}`;
      const sealed = await sealer.sealBytes({ subject: person, scope: fileStream(fileId) }, blobId, bytes);
      await blobs.put(blobId, sealed.bytes);
      stored.set(id, { blobId, key: sealed.k, size: bytes.byteLength });
    },
    async file({ id, filename, mediaType, createdAt }: { id: string; filename: string; mediaType: string | null; createdAt: string }): Promise<void> {
      const bytes = stored.get(id);
      if (!bytes) return;
      const told = await must(
        importFile({
          fileId: ids.file(id),
          filename: filename.trim() || 'file',
          mediaType: mediaType ?? 'application/octet-stream',
          ...bytes,
          createdAt,
        }),
      );
      if (told) counts.files++;
    },
    async conversation(given: ExportedConversation): Promise<void> {
      const { state } = await loader.load(conversationStream(given.id), conversations);
      if (state.status !== 'deleted' && (await isOwn(state))) {
        counts.known++;
        return;
      }
      const from = remapConversation(given, ids);
      const there = (await loader.load(conversationStream(from.id), conversations)).state;
      if (there.status === 'deleted') return;
      if (there.status === 'absent') counts.conversations++;
      else counts.known++;
      await must(importConversation({ conversationId: from.id, from }));
      heads.set(given.id, from);
    },
    async message(given: ExportedMessage): Promise<void> {
      if (!heads.has(given.conversationId)) return;
      const message = remapMessage(given, ids, fileIdOf);
      if (batch.length >= BATCH || batchBytes > BATCH_BYTES || (batch[0] && batch[0].conversationId !== message.conversationId)) await flush();
      batch.push(message);
      batchBytes += message.run ? 500 : JSON.stringify(message.parts).length;
    },
    async end(): Promise<void> {
      await flush();
      for (const from of heads.values()) {
        const { imported } = (await loader.load(conversationStream(from.id), conversations)).state;
        if (imported === 'whole') continue;
        await must(completeImport({ conversationId: from.id, from }));
        if (from.masking !== 'usual') await must(setConversationMasking({ conversationId: from.id, mode: from.masking }));
      }
    },
  };
}
