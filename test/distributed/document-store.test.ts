import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Collection } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import { commitTo } from '../../src/adapters/document-store/mongodb-commit.ts';
import type { DocumentStore } from '../../src/adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../../src/adapters/document-store/sqlite.ts';
import type { MongoConnection } from '../../src/adapters/mongo/connection.ts';
import type { Json, JsonObject } from '../../src/domain/event.ts';
import { documentStoreContract } from '../contract/document-store.ts';
import { commit, filter, indexes, position, sort } from '../contract/document-store-arbitraries.ts';
import { allPages, at, epoch, put, remove } from '../contract/document-store-stage.ts';
import { newTestDatabase, type TestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const collection = 'things@1';

/** The same rows, for somebody who is held up by `first` before their first call of this method. */
function before(rows: Collection, method: 'bulkWrite', first: () => Promise<void>): Collection {
  let held: Promise<void> | undefined;
  return new Proxy(rows, {
    get(of, name) {
      if (name !== method) return Reflect.get(of, name).bind(of);
      return async (...request: Parameters<Collection['bulkWrite']>) => {
        held ??= first();
        await held;
        return of[method](...request);
      };
    },
  });
}

describeWith(['MONGODB_URL'], 'on MongoDB', () => {
  let database: TestDatabase;
  let connection: MongoConnection;
  let places = 0;

  beforeAll(async () => {
    database = newTestDatabase();
    connection = await database.connect();
  });
  afterAll(() => database.remove());

  const place = () => {
    const prefix = `place-${++places}.`;
    const open = () => openMongoDocumentStore({ connection, prefix });
    return { prefix, open, rows: () => connection.db.collection(`${prefix}${collection}`) };
  };
  const opened = async (declared: readonly (readonly string[])[] = [['owner', 'at']]) => {
    const { open, rows, prefix } = place();
    const store = await open();
    await store.open(collection, declared);
    return { store, rows: rows(), other: await open(), prefix };
  };

  const newPlace = async () => {
    const { open } = place();
    const remove = async () => {
      const store = await open();
      for (const name of await store.collections()) await store.drop(name);
    };
    return { persistent: true, open, remove };
  };
  documentStoreContract('the document store', newPlace, 1 / 4);

  test('any operations leave the same documents, pages, cursors and digests as on SQLite', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'annals-views-'));
    const sqlite = await openSqliteDocumentStore({ folder });
    let round = 0;
    const mongo = await place().open();
    try {
      await fc.assert(
        fc.asyncProperty(indexes, fc.array(commit, { minLength: 1, maxLength: 4 }), filter, sort, async (declared, commits, wanted, order) => {
          const name = `round-${++round}@1`;
          const answers: unknown[] = [];
          for (const store of [sqlite, mongo]) {
            await store.open(name, declared);
            for (const { operations, position: until } of commits) await store.commit(name, operations, { position: until, epoch });
            const pages = await allPages(store, name, wanted, { sort: order, limit: 3 });
            answers.push([await store.digest(name), pages, await store.checkpoint(name)]);
            await store.drop(name);
          }
          expect(answers[1]).toEqual(answers[0]);
        }),
        { numRuns: 25 },
      );
    } finally {
      await sqlite.close();
      await rm(folder, { recursive: true });
    }
  });

  /** Names and texts that are syntax to MongoDB, special to its driver, or impossible in BSON. */
  const name = fc.oneof(
    fc.constantFrom('', '$set', 'a.b', '.', '__proto__', '_bsontype', 'a\u0000', 'toBSON', '$ref', '_keys', 'owner', '7'),
    fc.string(),
  );
  const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Json>(null, true, -0, 0.1, 2 ** 53, -(2 ** 63), 1e308, 5e-324, 'a\u0000b', '$x'),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;

  test('any JSON comes back as it was, with the digest that it has in memory', async () => {
    const { store } = await opened();
    const model = createMemoryDocumentStore();
    await model.open(collection, []);
    let n = 0;
    const doc = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(fc.array(doc, { minLength: 1, maxLength: 8 }), async (docs) => {
        n += 1;
        const ids = docs.map((_, index) => `d${index}`);
        for (const each of [store, model])
          await each.commit(
            collection,
            docs.map((one, index) => put(`d${index}`, n, one)),
            at(n),
          );
        expect(await store.getMany(collection, ids)).toEqual(await model.getMany(collection, ids));
        expect(await store.digest(collection)).toEqual(await model.digest(collection));
      }),
      { numRuns: 60 },
    );
    const deep: JsonObject = { at: 1, cut: '\ud83d', leaf: Array.from({ length: 150 }).reduce<Json>((inner) => [inner], 'leaf') };
    await store.commit(collection, [put('deep', n + 1, deep)], at(n + 1));
    expect((await store.find(collection, { at: 1, leaf: { exists: true } })).documents).toEqual([
      { id: 'deep', position: position(n + 1), doc: deep },
    ]);
  });

  test('a document lies in the database as it is, and a deleted one is its id and position for good', async () => {
    const { store, rows } = await opened();
    const doc = { owner: 'o', at: 7, tags: ['a', { b: null }], open: true };
    await store.commit(collection, [put('x', 1, doc), put('y', 1, doc), put('z', 1)], at(1));
    await store.commit(collection, [remove('y', 2), remove('never', 2)], at(2));
    const stored = await rows.find({ _pos: { $type: 'string' }, _id: { $type: 'string' } } as object, { sort: { _id: 1 } }).toArray();
    expect(stored).toEqual([
      { _id: 'never', _pos: position(2) },
      { _id: 'x', _pos: position(1), ...doc, _keys: { owner: 'o', at: 7 } },
      { _id: 'y', _pos: position(2) },
      { _id: 'z', _pos: position(1), _keys: { owner: -Infinity, at: -Infinity } },
    ]);
    expect(await store.count(collection, {})).toBe(2);
  });

  test('a declared index ends in the id and is there once, however often it is declared', async () => {
    const { store, rows } = await opened([['owner', '_pos'], ['owner', '_pos'], ['_id']]);
    await store.open(collection, [['owner', '_pos']]);
    const keys = (await rows.indexes()).map(({ key }) => key);
    expect(keys).toEqual([{ _id: 1 }, { '_keys.owner': 1, _pos: 1, _id: 1 }]);
  });

  test('a writer that was overtaken changes nothing that is later, and brings nothing back', async () => {
    const { store, other, rows } = await opened();
    await store.commit(collection, [put('a', 5, { v: 'late' }), put('gone', 5), put('b', 1, { v: 'old' })], at(5));
    await store.commit(collection, [remove('gone', 6)], at(6));
    const digest = await store.digest(collection);
    // As the overtaken one last saw it.
    await rows.updateOne({ _id: 0 } as object, { $set: { _pos: '' }, $unset: { _checkpoint: '' } });
    await other.commit(collection, [put('a', 4, { v: 'early' }), put('gone', 4), put('b', 1, { v: 'other' })], at(4));
    expect(await other.digest(collection)).toEqual(digest);
  });

  test('a writer that another one overtakes between its look and its write loses nothing and overwrites nothing later', async () => {
    const { store, rows, other } = await opened();
    const overtaken = before(rows, 'bulkWrite', () => other.commit(collection, [put('a', 3, { by: 'other' }), put('b', 9, { by: 'other' })], at(9)));
    await commitTo(overtaken, collection, [put('a', 5, { by: 'me' }), put('b', 5, { by: 'me' }), put('c', 5, { by: 'me' })], at(5));
    const found = (await store.find(collection, {})).documents;
    expect(found.map(({ id, position: written, doc }) => [id, Number(written), doc.by])).toEqual([
      ['a', 5, 'me'],
      ['b', 9, 'other'],
      ['c', 5, 'me'],
    ]);
    expect(await store.checkpoint(collection)).toEqual(at(9));
  });

  test('two writers at once leave of every document the latest, and the further checkpoint', async () => {
    const { store, other } = await opened();
    const ids = Array.from({ length: 40 }, (_, n) => `d${n}`);
    const write = (writer: DocumentStore, n: number) =>
      writer.commit(
        collection,
        ids.map((id, index) => put(id, n - (index % 2), { by: n })),
        at(n),
      );
    for (const n of [2, 6, 10, 14, 18]) await Promise.all([write(store, n), write(other, n + 2)]);
    const found = (await store.find(collection, {})).documents;
    expect(new Set(found.map(({ doc }) => doc.by))).toEqual(new Set([20]));
    expect(await other.checkpoint(collection)).toEqual(at(20));
  });
});
