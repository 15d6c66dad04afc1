import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clausesOf } from '../../../src/adapters/document-store/clause.ts';
import { DamagedViews, isCorruption, namingDamage } from '../../../src/adapters/document-store/corruption.ts';
import { pageOf } from '../../../src/adapters/document-store/page.ts';
import type { DocumentStore, Filter, FindOptions, Operation } from '../../../src/adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../../../src/adapters/document-store/sqlite.ts';
import { findTable } from '../../../src/adapters/document-store/sqlite-catalog.ts';
import { openConnection } from '../../../src/adapters/document-store/sqlite-connection.ts';
import { pageQuery } from '../../../src/adapters/document-store/sqlite-query.ts';

const collection = 'conversations@1';
const byLast = [['lastMessageAt', 'desc']] as const;
const position = (at: number) => String(at).padStart(20, '0');
const at = (n: number) => ({ position: position(n), epoch: 'e1' });
const conversation = (n: number): Operation => ({
  kind: 'put',
  id: `thread-${n}`,
  position: position(1),
  doc: {
    owner: `person-${n % 10}`,
    lastMessageAt: `2026-01-01T00:00:${String(n % 60).padStart(2, '0')}.000Z`,
    rank: n % 3,
    padding: 'x'.repeat(300),
  },
});
const conversations = (count: number) => Array.from({ length: count }, (_, n) => conversation(n));

let folder: string;
let file: string;
const opened: DocumentStore[] = [];
const open = async (readOnly: boolean) => {
  const store = await openSqliteDocumentStore({ folder, readOnly });
  opened.push(store);
  return store;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-views-'));
  file = join(folder, 'views.db');
});
afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((store) => store.close()));
  await rm(folder, { recursive: true });
});

describe('a declared index', () => {
  const planOf = (wanted: Filter, options: FindOptions): string => {
    const db = openConnection(file, true);
    try {
      const table = findTable(db, collection)!;
      const { sql, binds } = pageQuery(table, clausesOf(wanted), pageOf(options));
      return db
        .all(`EXPLAIN QUERY PLAN ${sql}`, binds)
        .map(({ detail }) => detail)
        .join('; ');
    } finally {
      db.close();
    }
  };
  const cursor = (sort: string, ...places: unknown[]) => Buffer.from(JSON.stringify([sort, ...places])).toString('base64url');

  beforeEach(async () => {
    const store = await open(false);
    await store.open(collection, [['owner', 'lastMessageAt'], ['rank', 'lastMessageAt'], ['_pos']]);
    await store.commit(collection, conversations(500), at(1));
  });

  test("gives a page of an owner's conversations in order, without a sort", () => {
    const plan = planOf({ owner: 'person-1' }, { sort: byLast, limit: 50 });
    expect(plan).toBe('SEARCH docs_1 USING INDEX docs_1:owner+lastMessageAt (key_owner=?)');
  });

  test('seeks the place of a cursor, down to the id', () => {
    const plan = planOf(
      { owner: 'person-1' },
      { sort: byLast, limit: 50, after: cursor('-lastMessageAt-_id', '2026-01-01T00:00:30.000Z', 'thread-1') },
    );
    expect(plan).toBe('SEARCH docs_1 USING INDEX docs_1:owner+lastMessageAt (key_owner=? AND (key_lastMessageAt,id)<(?,?))');
  });

  test('seeks one type of values for a range', () => {
    expect(planOf({ rank: { lte: 1 } }, { sort: [['rank', 'asc']] })).toContain('(key_rank>? AND key_rank<?)');
    expect(planOf({ _pos: { gt: position(0) } }, { sort: [['_pos', 'asc']] })).toContain('USING INDEX docs_1:_pos (pos>? AND pos<?)');
  });

  test('of two directions seeks the first field of a cursor', () => {
    const sort = [
      ['owner', 'asc'],
      ['lastMessageAt', 'desc'],
    ] as const;
    const plan = planOf({}, { sort, after: cursor('+owner-lastMessageAt-_id', 'person-3', '2026-01-01T00:00:30.000Z', 'thread-3') });
    expect(plan).toContain('SEARCH docs_1 USING INDEX docs_1:owner+lastMessageAt (key_owner>?)');
    expect(plan).not.toContain('MULTI-INDEX OR');
  });

  test('serves documents by id', () => {
    expect(planOf({ _id: { in: ['thread-1', 'thread-2'] } }, {})).toContain('(id=?)');
  });
});

describe('a reader', () => {
  test('answers emptily before there is a file or a collection, and sees what appears later', async () => {
    const reader = await open(true);
    const empty = async () => {
      await reader.open(collection, [['owner']]);
      expect(await reader.find(collection, { owner: 'person-1' })).toEqual({ documents: [] });
      expect(await reader.collections()).toEqual([]);
      expect(await reader.checkpoint(collection)).toBeUndefined();
      expect((await reader.digest(collection)).count).toBe(0);
    };
    await empty();
    writeFileSync(file, '');
    await empty();
    const writer = await open(false);
    await empty();
    await writer.open(collection, [['owner']]);
    await writer.commit(collection, conversations(20), at(1));
    expect((await reader.find(collection, { owner: 'person-1' })).documents.map(({ id }) => id)).toEqual(['thread-1', 'thread-11']);
    expect(await reader.digest(collection)).toEqual(await writer.digest(collection));
    expect(await reader.checkpoint(collection)).toEqual(at(1));
  });

  test('sees the rebuild that took the place of a collection with the statements it has', async () => {
    const [writer, reader] = [await open(false), await open(true)];
    const found = async () => (await reader.find(collection, { owner: 'o' }, { sort: byLast })).documents.map(({ id }) => id);
    for (const round of [1, 2, 3]) {
      await writer.open(`${collection}+rebuild`, round === 2 ? [] : [['owner', 'lastMessageAt']]);
      await writer.commit(`${collection}+rebuild`, [{ kind: 'put', id: `r${round}`, position: position(round), doc: { owner: 'o' } }], at(round));
      await writer.rename(`${collection}+rebuild`, collection);
      expect(await found()).toEqual([`r${round}`]);
    }
    await writer.open(collection, [
      ['owner', 'lastMessageAt'],
      ['owner', 'more'],
    ]);
    expect(await found()).toEqual(['r3']);
    await writer.drop(collection);
    expect(await found()).toEqual([]);
  });

  test('works when the writer has gone, and refuses to write', async () => {
    const writer = await open(false);
    await writer.open(collection, []);
    await writer.commit(collection, conversations(3), at(1));
    await writer.close();
    const reader = await open(true);
    expect(await reader.count(collection, {})).toBe(3);
    await expect(reader.commit(collection, conversations(1), at(2))).rejects.toThrow('for reading only');
    await expect(reader.drop(collection)).rejects.toThrow('for reading only');
  });
});

test('a digest is of one moment, whatever is committed meanwhile', async () => {
  const store = await open(false);
  await store.open(collection, []);
  await store.commit(collection, conversations(1_500), at(1));
  const before = await store.digest(collection);
  const during = store.digest(collection);
  await store.commit(collection, [{ kind: 'delete', id: 'thread-999', position: position(2) }], at(2));
  expect(await during).toEqual(before);
  expect((await store.digest(collection)).count).toBe(1_499);
});

describe('a damaged file', () => {
  const failure = async (work: () => Promise<unknown>): Promise<unknown> =>
    work().then(
      () => undefined,
      (error: unknown) => error,
    );
  const expectDamage = (error: unknown) => {
    expect(isCorruption(error)).toBe(true);
    expect(String(error)).toContain(file);
    expect(String(error)).toContain('rebuilt from the log');
  };
  const overwrite = (from: number, bytes: Buffer) => {
    const handle = openSync(file, 'r+');
    writeSync(handle, bytes, 0, bytes.length, from);
    closeSync(handle);
  };
  const filled = async () => {
    const store = await open(false);
    await store.open(collection, [['owner', 'lastMessageAt']]);
    await store.commit(collection, conversations(500), at(1));
    await store.close();
  };

  test('that is no database at all is named by whoever opens it', async () => {
    writeFileSync(file, 'not a database, but long enough to be taken for one'.repeat(100));
    expectDamage(await failure(() => open(false)));
    const reader = await open(true);
    expectDamage(await failure(() => reader.find(collection, {})));
  });

  test('with overwritten pages is named by the call that meets them, reading, digesting or writing', async () => {
    await filled();
    const firstPages = 16_384;
    overwrite(firstPages, Buffer.alloc(statSync(file).size - firstPages, 0xa5));
    const readWhole = async (store: DocumentStore) => store.find(collection, {}, { limit: 1000 });
    expectDamage(await failure(async () => readWhole(await open(true))));
    expectDamage(await failure(async () => (await open(true)).digest(collection)));
    expectDamage(
      await failure(async () =>
        (await open(false)).commit(
          collection,
          conversations(500).map((put) => ({ ...put, position: position(2) })),
          at(2),
        ),
      ),
    );
  });

  test('with a document that is no longer JSON is named too', async () => {
    await filled();
    const place = readFileSync(file).indexOf('"padding"');
    overwrite(place, Buffer.from('\u0001padding:'));
    expectDamage(await failure(async () => (await open(true)).find(collection, {}, { limit: 1000 })));
    expectDamage(await failure(async () => (await open(true)).count(collection, { rank: 1 })));
  });

  test('is told by the extended codes of SQLite too', () => {
    const corruptIndex = Object.assign(new Error('database disk image is malformed'), { errcode: 779 });
    const broken = () => {
      throw corruptIndex;
    };
    expect(() => namingDamage(file, broken)).toThrow(DamagedViews);
  });

  test('that is not the views is never to be thrown away', async () => {
    writeFileSync(join(folder, 'state.db'), 'no database'.repeat(500));
    const error = await failure(() => openSqliteDocumentStore({ folder, name: 'state.db' }));
    expect(isCorruption(error)).toBe(true);
    expect(String(error)).not.toContain('delete');
  });

  test('is not what an ordinary error is about', async () => {
    const store = await open(false);
    const error = await failure(() => store.commit(collection, [], at(1)));
    expect(error).toBeInstanceOf(Error);
    expect(isCorruption(error)).toBe(false);
  });
});
