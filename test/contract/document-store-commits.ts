import { expect, test } from 'vitest';
import { position } from './document-store-arbitraries.ts';
import { at, put, remove, type Stage } from './document-store-stage.ts';

/** What `commit` keeps and drops, and what `checkpoint` and `digest` then say. */
export function commitContract(stage: Stage): void {
  test('an operation not later than its document or its checkpoint is dropped, so a late put brings nothing back', async () => {
    await stage.store.commit(stage.collection, [put('a', 5, { v: 'five' }), put('b', 5), put('b', 4, { v: 'stale' })], at(5));
    await stage.store.commit(stage.collection, [put('a', 5, { v: 'again' }), put('a', 4, { v: 'older' }), remove('b', 6)], at(6));
    await stage.store.commit(stage.collection, [put('b', 5), put('b', 6)], at(6));
    await stage.store.commit(stage.collection, [remove('a', 3)], at(3));
    expect((await stage.store.find(stage.collection, {})).documents).toEqual([{ id: 'a', position: position(5), doc: { v: 'five' } }]);
    expect(await stage.store.checkpoint(stage.collection)).toEqual(at(6));
  });

  test('of several operations on one document in a commit the latest counts, in whatever order they stand', async () => {
    await stage.store.commit(
      stage.collection,
      [put('a', 2, { v: 2 }), put('a', 3, { v: 3 }), put('a', 1, { v: 1 }), remove('b', 3), put('b', 2), put('b', 3)],
      at(3),
    );
    expect((await stage.store.find(stage.collection, {})).documents).toEqual([{ id: 'a', position: position(3), doc: { v: 3 } }]);
  });

  test('a commit that fails leaves documents and checkpoint as they were', async () => {
    await stage.store.commit(stage.collection, [put('a', 1)], at(1));
    await expect(stage.store.commit(stage.collection, [put('b', 2), put('c', 2, { _id: 'c' })], at(2))).rejects.toThrow(TypeError);
    await expect(stage.store.commit(stage.collection, [put('b', 2), put('c', 4)], at(3))).rejects.toThrow(RangeError);
    await expect(stage.store.commit('absent@1', [put('b', 2)], at(2))).rejects.toThrow('open()');
    expect(await stage.find({})).toEqual(['a']);
    expect(await stage.store.checkpoint(stage.collection)).toEqual(at(1));
  });

  test('what is stored or answered does not change with the objects that callers hold', async () => {
    const doc = { list: [1] };
    await stage.store.commit(stage.collection, [put('a', 1, doc)], at(1));
    doc.list.push(2);
    const [first] = (await stage.store.find<{ list: number[] }>(stage.collection, {})).documents;
    first?.doc.list.push(3);
    expect((await stage.store.getMany(stage.collection, ['a', 'absent'])).get('a')?.doc).toEqual({ list: [1] });
  });

  test('the digest depends on ids and documents alone, not on positions, order of writing or order of fields', async () => {
    const [one, other] = [stage.collectionOf('one'), stage.collectionOf('other')];
    await stage.store.open(one, []);
    await stage.store.open(other, [['a']]);
    await stage.store.commit(one, [put('x', 1, { a: 1, b: 2 }), put('y', 2)], at(2));
    await stage.store.commit(other, [put('y', 7), put('gone', 7)], at(7));
    await stage.store.commit(other, [put('x', 8, { b: 2, a: 1 }), remove('gone', 8)], at(8));
    const digest = await stage.store.digest(one);
    // echo -n '{"_id":"x","a":1,"b":2}{"_id":"y"}' | sha256sum
    expect(digest).toEqual({ digest: '600f768babe9f43a47deac0b9ac39c401c85c4c4dbae061625ba51e8307c65b4', count: 2 });
    expect(await stage.store.digest(other)).toEqual(digest);
    await stage.store.commit(other, [put('x', 9, { b: 2, a: 2 })], at(9));
    expect(await stage.store.digest(other)).not.toEqual(digest);
  });

  test('a checkpoint comes back whole and never goes back', async () => {
    const whole = { position: position(4), epoch: 'e2', last: { stream: 's-1', revision: '3', id: 'event' }, meta: { seen: [1, null], ok: true } };
    await stage.store.commit(stage.collection, [], whole);
    await stage.store.commit(stage.collection, [], { position: position(3), epoch: 'e3' });
    expect(await stage.store.checkpoint(stage.collection)).toEqual(whole);
  });
}
