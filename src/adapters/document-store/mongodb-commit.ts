import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import { z } from 'zod';
import { isDuplicate } from '../mongo/outage.ts';
import { advanceHead, readHead } from './mongodb-head.ts';
import { chunks, findRows, rowOf } from './mongodb-layout.ts';
import { missingCollection } from './names.ts';
import { advances, effective } from './operation.ts';
import type { Checkpoint, Operation } from './port.ts';

/** So that no request takes the server long; the driver would repeat one that it waits for in vain. */
const operationsARequest = 500;

/**
 * Writes every document only over an earlier position, then the checkpoint: a crash in between leaves documents ahead of it, which the same commit
 * meets again and passes by. New documents are inserted, the others replaced; an insert that another writer was faster with (E11000) is tried again
 * as a guarded upsert.
 */
export async function commitTo(collection: Collection, name: string, operations: readonly Operation[], checkpoint: Checkpoint): Promise<void> {
  if (operations.length === 0) {
    const { filter, update } = advanceHead(checkpoint).updateOne;
    const { matchedCount } = await collection.updateOne(filter, update);
    if (matchedCount === 0 && (await readHead(collection)) === undefined) throw missingCollection(name);
    return;
  }
  const [head, positions] = await Promise.all([readHead(collection), readPositions(collection, operations)]);
  if (head === undefined) throw missingCollection(name);
  const due = effective(operations, head.checkpoint, checkpoint).filter(({ id, position }) => (positions.get(id) ?? '') < position);
  const forward = advances(head.checkpoint, checkpoint) ? [advanceHead(checkpoint)] : [];
  const fresh = due.filter(({ id }) => !positions.has(id)).map((operation) => insert(operation, head.fields));
  const older = due.filter(({ id }) => positions.has(id)).map((operation) => replaceEarlier(operation, head.fields, false));
  try {
    for (const request of chunks([...fresh, ...older, ...forward], operationsARequest)) await collection.bulkWrite(request);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const guarded = due.map((operation) => replaceEarlier(operation, head.fields, true));
    // The first attempt may lose to an insert by an earlier writer once more; the second finds that document and replaces it.
    await upsertAll(collection, await upsertAll(collection, guarded));
    if (forward.length > 0) await collection.bulkWrite(forward);
  }
}

const Row = z.object({ _id: z.string(), _pos: z.string() });

/** By id; of deleted documents too. */
async function readPositions(collection: Collection, operations: readonly Operation[]): Promise<ReadonlyMap<string, string>> {
  const found = await findRows(collection, new Set(operations.map(({ id }) => id)), { _pos: 1 });
  return new Map(found.map((row) => Row.parse(row)).map(({ _id, _pos }) => [_id, _pos]));
}

const insert = (operation: Operation, fields: ReadonlySet<string>): AnyBulkWriteOperation => {
  const document: Document = { _id: operation.id, ...rowOf(operation, fields) };
  return { insertOne: { document } };
};

const replaceEarlier = (operation: Operation, fields: ReadonlySet<string>, upsert: boolean): AnyBulkWriteOperation => {
  const filter: Document = { _id: operation.id, _pos: { $lt: operation.position } };
  return { replaceOne: { filter, replacement: rowOf(operation, fields), upsert } };
};

const Failures = z.object({ writeErrors: z.array(z.object({ index: z.number(), code: z.number() })) });

/** Returns those that the server refused because the document stands: as late or later, or since a moment ago. */
async function upsertAll(collection: Collection, upserts: readonly AnyBulkWriteOperation[]): Promise<AnyBulkWriteOperation[]> {
  const refused: AnyBulkWriteOperation[] = [];
  for (const request of chunks(upserts, operationsARequest)) {
    try {
      await collection.bulkWrite(request, { ordered: false });
    } catch (error) {
      const failures = Failures.safeParse(error);
      if (!failures.success || !failures.data.writeErrors.every(isDuplicate)) throw error;
      refused.push(...failures.data.writeErrors.flatMap(({ index }) => request[index] ?? []));
    }
  }
  return refused;
}
