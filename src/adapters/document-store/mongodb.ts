import type { Collection, Document } from 'mongodb';
import type { JsonObject } from '../../domain/event.ts';
import type { MongoConnection } from '../mongo/connection.ts';
import { isLostCursor, isMissingCollection, StoreUnavailable } from '../mongo/outage.ts';
import { clausesOf } from './clause.ts';
import { startDigest } from './digest.ts';
import { commitTo } from './mongodb-commit.ts';
import { addFields, createHead, createHeadCache, headId, readHead } from './mongodb-head.ts';
import { documentsOnly, findRows, isDocument, storedDocument } from './mongodb-layout.ts';
import { computedKey, countPipeline, keyPath, pagePipeline } from './mongodb-query.ts';
import { assertCollectionName, assertFieldName, collectionName, missingCollection } from './names.ts';
import { compareUtf8 } from './order-key.ts';
import { pageOf, resultOf } from './page.ts';
import type { DocumentStore, Filter, FindOptions } from './port.ts';

/**
 * Documents in collections of the connection's database, named `<prefix><view>@<version>`; a prefix ends in a dot. Any number of processes may read; a
 * collection has one writer at a time, and one that only believes to be it can do no harm to later documents.
 * Calls throw `StoreUnavailable` when the server is away. Closing leaves the connection open.
 */
export async function openMongoDocumentStore({ connection, prefix = '' }: { connection: MongoConnection; prefix?: string }): Promise<DocumentStore> {
  const { db, reach } = connection;
  const at = (name: string): Collection => db.collection(`${prefix}${name}`);
  const heads = createHeadCache(at);
  /** Renames that were sent and not answered: their repetition may find them done. */
  const unanswered = new Set<string>();

  /** A cursor ends when another process puts a rebuild in its collection's place; then the question is asked again. */
  const read = <Result>(work: () => Promise<Result>): Promise<Result> =>
    reach(() => work().catch((error: unknown) => (isLostCursor(error) ? work() : Promise.reject(error))));
  const change = <Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result> =>
    reach(work).finally(() => heads.forget(...names));
  const rows = (name: string, pipeline: Document[], batchSize: number): Promise<Document[]> => at(name).aggregate(pipeline, { batchSize }).toArray();

  return {
    async open(name, indexes) {
      assertCollectionName(name);
      indexes.flat().forEach(assertFieldName);
      await change([name], () => prepare(at(name), indexes));
    },

    async getMany<Doc extends JsonObject>(name: string, ids: readonly string[]) {
      const found = (await read(() => findRows(at(name), new Set(ids)))).filter(isDocument);
      return new Map(found.map(storedDocument<Doc>).map((document) => [document.id, document]));
    },

    async find<Doc extends JsonObject>(name: string, filter: Filter, options: FindOptions = {}) {
      const page = pageOf(options);
      const clauses = clausesOf(filter);
      return read(async () => {
        const head = await heads.get(name);
        if (head === undefined) return { documents: [] };
        const found = await rows(name, pagePipeline(head.fields, clauses, page), page.limit + 2);
        return resultOf(page, found.map(storedDocument<Doc>));
      });
    },

    async count(name, filter) {
      const clauses = clausesOf(filter);
      return read(async () => {
        const head = await heads.get(name);
        const [counted] = head === undefined ? [] : await rows(name, countPipeline(head.fields, clauses), 2);
        return Number(counted?.count ?? 0);
      });
    },

    async commit(name, operations, checkpoint) {
      await reach(() => commitTo(at(name), name, operations, checkpoint));
    },

    async checkpoint(name) {
      return (await read(() => readHead(at(name))))?.checkpoint;
    },

    async digest(name) {
      return read(() => digestOf(at(name)));
    },

    async collections() {
      const all = await read(() => db.listCollections({}, { nameOnly: true }).toArray());
      const own = all.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
      return own.filter((name) => collectionName.test(name)).sort(compareUtf8);
    },

    async drop(name) {
      await change([name], () => at(name).drop());
    },

    async rename(from, to) {
      assertCollectionName(to);
      const pair = `${from} ${to}`;
      try {
        await change([from, to], () => move(at(from), from, at(to), unanswered.has(pair)));
        unanswered.delete(pair);
      } catch (error) {
        if (error instanceof StoreUnavailable) unanswered.add(pair);
        throw error;
      }
    },

    async close() {},
  };
}

/** Creates what is missing of the head, the keys and the indexes. An index ends in the id, the tie-breaker of every sort. */
async function prepare(collection: Collection, indexes: readonly (readonly string[])[]): Promise<void> {
  await createHead(collection);
  const fields = (await readHead(collection))?.fields ?? new Set();
  const missing = new Set(indexes.flat().filter((field) => field !== '_id' && field !== '_pos')).difference(fields);
  if (missing.size > 0) {
    await collection.updateMany(documentsOnly, [{ $set: Object.fromEntries([...missing].map((field) => [keyPath(field), computedKey(field)])) }]);
    await addFields(collection, missing);
  }
  const keys = indexes.map((index) => [...new Set([...index, '_id'])].map(keyPath)).filter((paths) => paths[0] !== '_id');
  const distinct = new Map(keys.map((paths) => [paths.join(), Object.fromEntries(paths.map((path) => [path, 1 as const]))]));
  if (distinct.size > 0) await collection.createIndexes([...distinct.values()].map((key) => ({ key })));
}

/** In one step, checkpoint and all. */
async function move(source: Collection, from: string, target: Collection, mayBeDone: boolean): Promise<void> {
  if (source.collectionName === target.collectionName) {
    if ((await readHead(source)) === undefined) throw missingCollection(from);
    return;
  }
  try {
    await source.rename(target.collectionName, { dropTarget: true });
  } catch (error) {
    if (!isMissingCollection(error)) throw error;
    if (!mayBeDone || (await readHead(target)) === undefined) throw missingCollection(from);
  }
}

const documentsAPage = 500;
const digestAttempts = 5;

/** Of one moment: taken again when something was committed meanwhile. */
async function digestOf(collection: Collection): Promise<{ digest: string; count: number }> {
  for (let attempt = 0; attempt < digestAttempts; attempt++) {
    const before = await collection.findOne(headId);
    const digest = startDigest();
    const documents = collection.find(documentsOnly, { sort: { _id: 1 }, batchSize: documentsAPage });
    for await (const row of documents) digest.add([storedDocument(row)]);
    const after = await collection.findOne(headId);
    if (JSON.stringify(before) === JSON.stringify(after)) return digest.finish();
  }
  throw new StoreUnavailable('The collection is written faster than it is read: repeat when less is going on.');
}
