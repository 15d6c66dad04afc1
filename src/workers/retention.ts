import { v5 } from 'uuid';
import type { Filter, StoredDocument } from '../adapters/document-store/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { eraseAccessRecords } from '../commands/access-records.ts';
import type { CommandValue, Tell, TellOptions } from '../commands/command.ts';
import { deleteConversation } from '../commands/conversation.ts';
import { deleteFile } from '../commands/file.ts';
import { removeExport } from '../commands/import.ts';
import { eraseReports } from '../commands/person.ts';
import { annals } from '../commands/settle-active-run.ts';
import type { ConversationId, FileId, JobId, PersonId } from '../domain/ids.ts';
import { cutoff, RETENTION_STREAM, type RetentionClass, type RetentionPolicy, retentions } from '../domain/retention.ts';
import type { Views } from '../projections/query.ts';
import { exportFiles } from '../projections/views/exports.ts';
import { type RetentionDoc, retentionDue } from '../projections/views/retention.ts';

export interface RetentionParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly views: Views;
  readonly now: () => Date;
  /** What holds until an administrator says otherwise. */
  readonly usual: RetentionPolicy;
}

/** How long each class is kept, as the log says it now. */
export async function retentionNow({ loader, usual }: Pick<RetentionParts, 'loader' | 'usual'>) {
  const { policy = usual, notBefore } = (await loader.load(RETENTION_STREAM, retentions)).state;
  return { policy, notBefore };
}

const AT_ONCE = 500;

/**
 * Deletes for good what has been kept long enough, by the commands with which its owner would; whoever has written to a thread since the view saw it
 * keeps it. Answers how much was due: call it again until that is nothing.
 */
export async function sweepRetention(parts: RetentionParts): Promise<number> {
  const { views, tell } = parts;
  const now = parts.now().toISOString();
  const retention = await retentionNow(parts);
  const find = async (filter: Filter): Promise<readonly StoredDocument<RetentionDoc>[]> =>
    (await views.find(retentionDue, filter, { limit: AT_ONCE })).documents;
  const overdue = async (kind: RetentionClass & RetentionDoc['kind'], keep: readonly string[]): Promise<readonly StoredDocument<RetentionDoc>[]> => {
    const before = cutoff(retention, kind, now);
    return before === undefined ? [] : find({ kind, keep: { in: keep }, since: { lte: before } });
  };
  const whoever = ['usual', 'own', 'forever'];
  const found = await Promise.all([
    find({ dueAt: { gt: '', lte: now } }),
    overdue('conversations', retention.policy.binding ? whoever : ['usual']),
    overdue('trash', whoever),
    overdue('uploads', whoever),
    overdue('reports', whoever),
    overdue('access', whoever),
  ]);
  const due = new Map(found.flat().map((document) => [document.id, document]));
  for (const { id, doc } of due.values()) {
    const { command, options } = ending(id, doc);
    await tell(annals(doc.owner as PersonId), command, { commandId: v5(`retention ${id} ${doc.revision}`, v5.URL), ...options });
  }
  return due.size + (await sweepExports(parts, cutoff(retention, 'exports', now) ?? ''));
}

/** Files of exports that were ready by then are removed. */
async function sweepExports({ views, tell }: RetentionParts, by: string): Promise<number> {
  const { documents } = await views.find(exportFiles, { readyAt: { gt: '', lte: by } }, { limit: AT_ONCE });
  for (const { id, doc } of documents) {
    const command = removeExport({ jobId: id as JobId, parts: doc.parts });
    await tell(annals(doc.owner as PersonId), command, { commandId: v5(`export ${id}`, v5.URL) });
  }
  return documents.length;
}

function ending(id: string, { kind, revision }: RetentionDoc): { command: CommandValue<unknown>; options: TellOptions } {
  switch (kind) {
    case 'conversations':
    case 'trash':
      return { command: deleteConversation({ conversationId: id as ConversationId }), options: { ifRevision: BigInt(revision) } };
    case 'uploads':
      return { command: deleteFile({ fileId: id as FileId }), options: {} };
    case 'reports':
      return { command: eraseReports({ stream: id }), options: {} };
    case 'access':
      return { command: eraseAccessRecords({ stream: id }), options: {} };
    default:
      return kind satisfies never;
  }
}
