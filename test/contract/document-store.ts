import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BadCursor } from '../../src/adapters/document-store/cursor.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import type { DocumentStore, Filter, FindOptions, Operation, StoredDocument } from '../../src/adapters/document-store/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { commit, document, documentId, filter, indexes, position, scalar, sort } from './document-store-arbitraries.ts';

/** A place of its own for one test. `open` after `close` finds what was committed there if the adapter is persistent. */
export interface DocumentStorePlace {
  readonly persistent: boolean;
  open(): Promise<DocumentStore>;
  remove(): Promise<void>;
}

const epoch = 'e1';
const put = (id: string, at: number, doc: JsonObject = {}): Operation => ({ kind: 'put', id, position: position(at), doc });
const remove = (id: string, at: number): Operation => ({ kind: 'delete', id, position: position(at) });
const ids = (documents: readonly StoredDocument[]) => documents.map(({ id }) => id);
const rows = (documents: Iterable<StoredDocument>) => new Map([...documents].map((row) => [row.id, row]));

async function allPages(store: DocumentStore, collection: string, wanted: Filter, options: FindOptions, between = async () => {}) {
  const documents: StoredDocument[] = [];
  const cursors: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.find(collection, wanted, { ...options, ...(after === undefined ? {} : { after }) });
    documents.push(...page.documents);
    if (page.next === undefined) return { documents, cursors };
    expect(page.documents).toHaveLength(options.limit ?? 100);
    after = page.next;
    cursors.push(after);
    await between();
  }
}

/** The promises of the port. The model is the memory adapter, whose own promises stand here as examples too. */
export function documentStoreContract(name: string, make: () => Promise<DocumentStorePlace>): void {
  describe(name, () => {
    let place: DocumentStorePlace;
    let store: DocumentStore;
    let collection: string;
    let used = 0;
    const collectionOf = (prefix: string) => `${prefix}-${++used}@1`;
    const at = (n: number) => ({ position: position(n), epoch });
    const find = async (wanted: Filter, options?: FindOptions) => ids((await store.find(collection, wanted, options)).documents);

    beforeEach(async () => {
      place = await make();
      store = await place.open();
      collection = collectionOf('things');
      await store.open(collection, [['owner', 'at']]);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    test('any commits, filters, sorts and pages answer as the model does, cursors and digests byte for byte', async () => {
      await fc.assert(
        fc.asyncProperty(
          indexes,
          fc.array(commit, { minLength: 1, maxLength: 6 }),
          fc.array(fc.tuple(filter, sort, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 6 }),
          async (declared, commits, questions) => {
            const model = createMemoryDocumentStore();
            const both = [store, model];
            const random = collectionOf('random');
            for (const each of both) await each.open(random, declared);
            for (const { operations, position: until } of commits) {
              for (const each of both) await each.commit(random, operations, { position: until, epoch });
              expect(await store.digest(random)).toEqual(await model.digest(random));
              expect(await store.checkpoint(random)).toEqual(await model.checkpoint(random));
            }
            const every = ids((await model.find(random, {}, { limit: 1000 })).documents);
            expect(await store.getMany(random, every)).toEqual(await model.getMany(random, every));
            for (const [wanted, order, limit, offset] of questions) {
              const options = { sort: order, limit };
              expect(await allPages(store, random, wanted, options)).toEqual(await allPages(model, random, wanted, options));
              expect(await store.find(random, wanted, { ...options, offset })).toEqual(await model.find(random, wanted, { ...options, offset }));
              expect(await store.count(random, wanted)).toBe(await model.count(random, wanted));
            }
            await store.drop(random);
          },
        ),
        { numRuns: 120 },
      );
    });

    test('the pages together are the whole answer, each document once, whatever is written at other places between them', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(documentId, document), { selector: ([id]) => id, minLength: 4, maxLength: 30 }),
          sort,
          fc.integer({ min: 1, max: 4 }),
          fc.array(document, { minLength: 10, maxLength: 10 }),
          async (documents, order, limit, later) => {
            const paged = collectionOf('paged');
            await store.open(paged, [['a', 'b']]);
            await store.commit(
              paged,
              documents.map(([id, doc]) => put(id, 1, doc)),
              at(1),
            );
            const before = await allPages(store, paged, {}, { sort: order, limit: 1000 });
            let written = 1;
            const during = await allPages(store, paged, {}, { sort: order, limit }, async () => {
              if (written > later.length) return;
              written += 1;
              await store.commit(paged, [put(`new-${written}`, written, later[written % later.length]!)], at(written));
            });
            expect(ids(during.documents).filter((id) => !id.startsWith('new-'))).toEqual(ids(before.documents));
            expect(new Set(ids(during.documents)).size).toBe(during.documents.length);
            await store.drop(paged);
          },
        ),
        { numRuns: 40 },
      );
    });

    test('values sort null and missing < boolean < number < string by UTF-8 bytes < object and array', async () => {
      const ordered = [null, false, true, -(2 ** 60), -1, 0, 0.5, 1, 2 ** 60, '', '10', '9', 'a', 'é', '\uFF5E', '\u{1F600}', {}];
      const shuffled = ordered.map((v, n) => put(String(n).padStart(2, '0'), 1, v === null ? {} : { owner: 'o', at: v })).reverse();
      await store.commit(collection, shuffled, at(1));
      const expected = ordered.map((_, n) => String(n).padStart(2, '0'));
      expect(await find({}, { sort: [['at', 'asc']] })).toEqual(expected);
      expect(await find({}, { sort: [['at', 'desc']] })).toEqual(expected.toReversed());
    });

    test('a missing field equals null, and true is not 1', async () => {
      await store.commit(
        collection,
        [put('missing', 1), put('null', 1, { v: null }), put('true', 1, { v: true }), put('one', 1, { v: 1 }), put('text', 1, { v: '1' })],
        at(1),
      );
      expect(await find({ v: null })).toEqual(['missing', 'null']);
      expect(await find({ v: { exists: false } })).toEqual(['missing', 'null']);
      expect(await find({ v: { exists: true } })).toEqual(['one', 'text', 'true']);
      expect(await find({ v: true })).toEqual(['true']);
      expect(await find({ v: 1 })).toEqual(['one']);
      expect(await find({ v: { not: 1 } })).toEqual(['missing', 'null', 'text', 'true']);
      expect(await find({ v: { in: [] } })).toEqual([]);
      expect(await find({ v: { in: [null, '1', true] } })).toEqual(['missing', 'null', 'text', 'true']);
    });

    test("a range sees only values of its operand's own type", async () => {
      const docs = [
        put('missing', 1),
        put('false', 1, { v: false }),
        put('five', 1, { v: 5 }),
        put('six', 1, { v: 6 }),
        put('text', 1, { v: 'x' }),
        put('list', 1, { v: [] }),
      ];
      await store.commit(collection, docs, at(1));
      expect(await find({ v: { lte: 5 } })).toEqual(['five']);
      expect(await find({ v: { gt: 5 } })).toEqual(['six']);
      expect(await find({ v: { gte: 5, lt: 7 } })).toEqual(['five', 'six']);
      expect(await find({ v: { gte: '' } })).toEqual(['text']);
      expect(await find({ v: { lt: true } })).toEqual(['false']);
      expect(await find({ v: { gt: 0, lt: 'z' } })).toEqual([]);
      expect(await find({ v: { gte: null } })).toEqual(['missing']);
    });

    test('a condition without an operand never becomes no condition', async () => {
      await store.commit(collection, [put('secret', 1, { owner: 'someone' })], at(1));
      const broken = [
        { owner: undefined },
        { owner: {} },
        { owner: { gt: undefined } },
        { owner: { in: [undefined] } },
        { owner: { like: 'x' } },
        { owner: ['x'] },
        { 'a b': 1 },
        { owner: Number.NaN },
      ];
      for (const wanted of broken) await expect(store.find(collection, wanted as unknown as Filter)).rejects.toThrow(TypeError);
    });

    test('an operation not later than its document or its checkpoint is dropped, so a late put brings nothing back', async () => {
      await store.commit(collection, [put('a', 5, { v: 'five' }), put('b', 5), put('b', 4, { v: 'stale' })], at(5));
      await store.commit(collection, [put('a', 5, { v: 'again' }), put('a', 4, { v: 'older' }), remove('b', 6)], at(6));
      await store.commit(collection, [put('b', 5), put('b', 6)], at(6));
      await store.commit(collection, [remove('a', 3)], at(3));
      expect((await store.find(collection, {})).documents).toEqual([{ id: 'a', position: position(5), doc: { v: 'five' } }]);
      expect(await store.checkpoint(collection)).toEqual(at(6));
    });

    test('of several operations on one document in a commit the latest counts, in whatever order they stand', async () => {
      await store.commit(collection, [put('a', 2, { v: 2 }), put('a', 3, { v: 3 }), put('a', 1, { v: 1 }), remove('b', 3), put('b', 2)], at(3));
      expect((await store.find(collection, {})).documents).toEqual([{ id: 'a', position: position(3), doc: { v: 3 } }]);
    });

    test('a commit that fails leaves documents and checkpoint as they were', async () => {
      await store.commit(collection, [put('a', 1)], at(1));
      await expect(store.commit(collection, [put('b', 2), put('c', 2, { _id: 'c' })], at(2))).rejects.toThrow(TypeError);
      await expect(store.commit(collection, [put('b', 2), put('c', 4)], at(3))).rejects.toThrow(RangeError);
      await expect(store.commit('absent@1', [put('b', 2)], at(2))).rejects.toThrow('open()');
      expect(await find({})).toEqual(['a']);
      expect(await store.checkpoint(collection)).toEqual(at(1));
    });

    test('what is stored or answered does not change with the objects that callers hold', async () => {
      const doc = { list: [1] };
      await store.commit(collection, [put('a', 1, doc)], at(1));
      doc.list.push(2);
      const [first] = (await store.find<{ list: number[] }>(collection, {})).documents;
      first?.doc.list.push(3);
      expect((await store.getMany(collection, ['a', 'absent'])).get('a')?.doc).toEqual({ list: [1] });
    });

    test('a cursor of another sort, a cut one and an invented one are refused by name', async () => {
      await store.commit(collection, [put('a', 1, { at: 1 }), put('b', 1, { at: 2 })], at(1));
      const { next = '' } = await store.find(collection, {}, { sort: [['at', 'desc']], limit: 1 });
      expect(next).toBe(Buffer.from('["-at-_id",2,"b"]').toString('base64url'));
      const invented = [
        '',
        'x',
        '%%%',
        `${next}=`,
        next.slice(0, -3),
        ...['{}', '["-at-_id",2]', '["-at-_id",2,7]', '["-at-_id",[2],"b"]', '["-at-_id",2,"b",1]'].map((json) =>
          Buffer.from(json).toString('base64url'),
        ),
      ];
      for (const after of invented) await expect(store.find(collection, {}, { sort: [['at', 'desc']], after })).rejects.toThrow(BadCursor);
      await expect(store.find(collection, {}, { sort: [['at', 'asc']], after: next })).rejects.toThrow(BadCursor);
      expect(await find({}, { sort: [['at', 'desc']], after: next })).toEqual(['a']);
    });

    test('a page has at most 1,000 documents, 100 unless told, and an offset reaches at most 10,000', async () => {
      await store.commit(
        collection,
        Array.from({ length: 10_101 }, (_, n) => put(String(n).padStart(5, '0'), 1)),
        at(1),
      );
      expect(await find({}, { limit: 5_000 })).toHaveLength(1_000);
      expect(await find({})).toHaveLength(100);
      expect(await find({}, { offset: 20_000, limit: 1 })).toEqual(['10000']);
      await expect(store.find(collection, {}, { limit: 0 })).rejects.toThrow(RangeError);
      await expect(store.find(collection, {}, { offset: -1 })).rejects.toThrow(RangeError);
      expect((await store.digest(collection)).count).toBe(10_101);
      expect(await store.count(collection, { _id: { lt: '00100' } })).toBe(100);
    });

    test('the digest depends on ids and documents alone, not on positions, order of writing or order of fields', async () => {
      const [one, other] = [collectionOf('one'), collectionOf('other')];
      await store.open(one, []);
      await store.open(other, [['a']]);
      await store.commit(one, [put('x', 1, { a: 1, b: 2 }), put('y', 2)], at(2));
      await store.commit(other, [put('y', 7), put('gone', 7)], at(7));
      await store.commit(other, [put('x', 8, { b: 2, a: 1 }), remove('gone', 8)], at(8));
      const digest = await store.digest(one);
      // echo -n '{"_id":"x","a":1,"b":2}{"_id":"y"}' | sha256sum
      expect(digest).toEqual({ digest: '600f768babe9f43a47deac0b9ac39c401c85c4c4dbae061625ba51e8307c65b4', count: 2 });
      expect(await store.digest(other)).toEqual(digest);
      await store.commit(other, [put('x', 9, { b: 2, a: 2 })], at(9));
      expect(await store.digest(other)).not.toEqual(digest);
    });

    test('a collection that nobody opened is empty to every question', async () => {
      expect(await store.find('absent@1', { owner: 'o' })).toEqual({ documents: [] });
      expect(await store.getMany('absent@1', ['a'])).toEqual(new Map());
      expect(await store.count('absent@1', {})).toBe(0);
      expect(await store.checkpoint('absent@1')).toBeUndefined();
      expect(await store.digest('absent@1')).toEqual({ digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', count: 0 });
      await store.drop('absent@1');
      await expect(store.rename('absent@1', 'other@1')).rejects.toThrow('open()');
      for (const wrong of ['Things@1', 'things', 'things@1; --', 'things@x', 'things@1+other'])
        await expect(store.open(wrong, [])).rejects.toThrow(TypeError);
      await expect(store.open('things@1', [["a'b"]])).rejects.toThrow(TypeError);
    });

    test('a rebuild takes the place of its collection in one step, with its checkpoint, again and again', async () => {
      const rebuild = `${collection}+rebuild`;
      await store.commit(collection, [put('old', 1)], at(1));
      for (const round of [2, 3]) {
        await store.open(rebuild, [['owner', 'at']]);
        await store.commit(rebuild, [put(`new-${round}`, round, { owner: 'o', at: round })], at(round));
        expect(await store.collections()).toEqual([collection, rebuild]);
        await store.rename(rebuild, collection);
        expect(await find({ owner: 'o' })).toEqual([`new-${round}`]);
        expect(await store.checkpoint(collection)).toEqual(at(round));
        expect(await store.collections()).toEqual([collection]);
        expect(await store.checkpoint(rebuild)).toBeUndefined();
      }
      await store.rename(collection, collection);
      expect(await find({})).toEqual(['new-3']);
    });

    test('a dropped collection starts afresh, without its old checkpoint', async () => {
      await store.commit(collection, [put('a', 9)], at(9));
      await store.drop(collection);
      expect(await store.collections()).toEqual([]);
      await store.open(collection, []);
      expect(await store.checkpoint(collection)).toBeUndefined();
      await store.commit(collection, [put('b', 1)], at(1));
      expect(await find({})).toEqual(['b']);
    });

    test('opening again keeps the documents and may declare further indexes', async () => {
      await fc.assert(
        fc.asyncProperty(indexes, indexes, scalar, async (first, second, value) => {
          const again = collectionOf('again');
          await store.open(again, first);
          await store.commit(again, [put('x', 1, { a: value })], at(1));
          await store.open(again, [...first, ...second]);
          expect(ids((await store.find(again, { a: value }, { sort: [['b', 'asc']] })).documents)).toEqual(['x']);
        }),
        { numRuns: 20 },
      );
    });

    test('a checkpoint comes back whole and never goes back', async () => {
      const whole = { position: position(4), epoch: 'e2', last: { stream: 's-1', revision: '3', id: 'event' }, meta: { seen: [1, null], ok: true } };
      await store.commit(collection, [], whole);
      await store.commit(collection, [], { position: position(3), epoch: 'e3' });
      expect(await store.checkpoint(collection)).toEqual(whole);
    });

    test('what was committed outlives the store if the adapter is persistent', async () => {
      await store.commit(collection, [put('a', 1, { v: '\u{1F600}' })], at(1));
      const digest = await store.digest(collection);
      await store.close();
      store = await place.open();
      expect(await store.collections()).toEqual(place.persistent ? [collection] : []);
      if (!place.persistent) return;
      expect(await store.digest(collection)).toEqual(digest);
      expect(await store.checkpoint(collection)).toEqual(at(1));
      expect(rows((await store.find(collection, {})).documents)).toEqual(await store.getMany(collection, ['a']));
    });
  });
}
