import { expect, test } from 'vitest';
import { BadCursor } from '../../src/adapters/document-store/cursor.ts';
import type { Filter } from '../../src/adapters/document-store/port.ts';
import { position } from './document-store-arbitraries.ts';
import { at, put, type Stage } from './document-store-stage.ts';

/** What `find` and `count` answer: order of values, conditions, pages and cursors. */
export function answerContract(stage: Stage): void {
  test('values sort null and missing < boolean < number < string by UTF-8 bytes < object and array', async () => {
    const ordered = [null, false, true, -(2 ** 60), -1, 0, 0.5, 1, 2 ** 60, '', '10', '9', 'a', 'é', '\uFF5E', '\u{1F600}', {}];
    const shuffled = ordered.map((v, n) => put(String(n).padStart(2, '0'), 1, v === null ? {} : { owner: 'o', at: v })).reverse();
    await stage.store.commit(stage.collection, shuffled, at(1));
    const expected = ordered.map((_, n) => String(n).padStart(2, '0'));
    expect(await stage.find({}, { sort: [['at', 'asc']] })).toEqual(expected);
    expect(await stage.find({}, { sort: [['at', 'desc']] })).toEqual(expected.toReversed());
  });

  test('a missing field equals null, and true is not 1', async () => {
    await stage.store.commit(
      stage.collection,
      [put('missing', 1), put('null', 1, { v: null }), put('true', 1, { v: true }), put('one', 1, { v: 1 }), put('text', 1, { v: '1' })],
      at(1),
    );
    expect(await stage.find({ v: null })).toEqual(['missing', 'null']);
    expect(await stage.find({ v: { exists: false } })).toEqual(['missing', 'null']);
    expect(await stage.find({ v: { exists: true } })).toEqual(['one', 'text', 'true']);
    expect(await stage.find({ v: true })).toEqual(['true']);
    expect(await stage.find({ v: 1 })).toEqual(['one']);
    expect(await stage.find({ v: { not: 1 } })).toEqual(['missing', 'null', 'text', 'true']);
    expect(await stage.find({ v: { in: [] } })).toEqual([]);
    expect(await stage.find({ v: { in: [null, '1', true] } })).toEqual(['missing', 'null', 'text', 'true']);
  });

  test('an id is a text, which no number equals or borders on', async () => {
    await stage.store.commit(stage.collection, [put('10', 1), put('9', 1)], at(1));
    for (const _id of [10, { lt: 5 }, { gt: 5 }, { in: [9, 10, null] }, { lte: null }]) expect(await stage.find({ _id })).toEqual([]);
    expect(await stage.find({ _id: { not: 10 }, _pos: { gte: position(1), lt: position(2) } })).toEqual(['10', '9']);
  });

  test('what every object inherits is no field of a document', async () => {
    await stage.store.commit(stage.collection, [put('a', 1)], at(1));
    expect(await stage.find({ constructor: { exists: true } })).toEqual([]);
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
    await stage.store.commit(stage.collection, docs, at(1));
    expect(await stage.find({ v: { lte: 5 } })).toEqual(['five']);
    expect(await stage.find({ v: { gt: 5 } })).toEqual(['six']);
    expect(await stage.find({ v: { gte: 5, lt: 7 } })).toEqual(['five', 'six']);
    expect(await stage.find({ v: { gte: '' } })).toEqual(['text']);
    expect(await stage.find({ v: { lt: true } })).toEqual(['false']);
    expect(await stage.find({ v: { gt: 0, lt: 'z' } })).toEqual([]);
    expect(await stage.find({ v: { gte: null } })).toEqual(['missing']);
  });

  test('a condition without an operand never becomes no condition', async () => {
    await stage.store.commit(stage.collection, [put('secret', 1, { owner: 'someone' })], at(1));
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
    for (const wanted of broken) await expect(stage.store.find(stage.collection, wanted as unknown as Filter)).rejects.toThrow(TypeError);
  });

  test('a cursor of another sort, a cut one and an invented one are refused by name', async () => {
    await stage.store.commit(stage.collection, [put('a', 1, { at: 1 }), put('b', 1, { at: 2 })], at(1));
    const { next = '' } = await stage.store.find(stage.collection, {}, { sort: [['at', 'desc']], limit: 1 });
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
    for (const after of invented) await expect(stage.store.find(stage.collection, {}, { sort: [['at', 'desc']], after })).rejects.toThrow(BadCursor);
    await expect(stage.store.find(stage.collection, {}, { sort: [['at', 'asc']], after: next })).rejects.toThrow(BadCursor);
    expect(await stage.find({}, { sort: [['at', 'desc']], after: next })).toEqual(['a']);
    const byId = await stage.store.find(
      stage.collection,
      {},
      {
        sort: [
          ['_id', 'asc'],
          ['at', 'desc'],
        ],
        limit: 1,
      },
    );
    expect(byId.next).toBe(Buffer.from('["+_id","a"]').toString('base64url'));
  });

  test('a page has at most 1,000 documents, 100 unless told, and an offset reaches at most 10,000', async () => {
    await stage.store.commit(
      stage.collection,
      Array.from({ length: 10_101 }, (_, n) => put(String(n).padStart(5, '0'), 1)),
      at(1),
    );
    expect(await stage.find({}, { limit: 5_000 })).toHaveLength(1_000);
    expect(await stage.find({})).toHaveLength(100);
    expect(await stage.find({}, { offset: 20_000, limit: 1 })).toEqual(['10000']);
    await expect(stage.store.find(stage.collection, {}, { limit: 0 })).rejects.toThrow(RangeError);
    await expect(stage.store.find(stage.collection, {}, { offset: -1 })).rejects.toThrow(RangeError);
    expect((await stage.store.digest(stage.collection)).count).toBe(10_101);
    expect(await stage.store.count(stage.collection, { _id: { lt: '00100' } })).toBe(100);
  });
}
