import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexes, position, scalar } from './document-store-arbitraries.ts';
import { at, ids, put, type Stage } from './document-store-stage.ts';

/** How collections come, go and take each other's place. */
export function collectionContract(stage: Stage): void {
  test('a collection that nobody opened is empty to every question', async () => {
    expect(await stage.store.find('absent@1', { owner: 'o' })).toEqual({ documents: [] });
    expect(await stage.store.getMany('absent@1', ['a'])).toEqual(new Map());
    expect(await stage.store.count('absent@1', {})).toBe(0);
    expect(await stage.store.checkpoint('absent@1')).toBeUndefined();
    expect(await stage.store.digest('absent@1')).toEqual({ digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', count: 0 });
    await stage.store.drop('absent@1');
    await expect(stage.store.rename('absent@1', 'other@1')).rejects.toThrow('open()');
    for (const wrong of ['Things@1', 'things', 'things@1; --', 'things@x', 'things@1+other'])
      await expect(stage.store.open(wrong, [])).rejects.toThrow(TypeError);
    await expect(stage.store.open('things@1', [["a'b"]])).rejects.toThrow(TypeError);
  });

  test('a rebuild takes the place of its collection in one step, with its checkpoint, again and again', async () => {
    const rebuild = `${stage.collection}+rebuild`;
    await stage.store.commit(stage.collection, [put('old', 1)], at(1));
    for (const round of [2, 3]) {
      await stage.store.open(rebuild, [['owner', 'at']]);
      await stage.store.commit(rebuild, [put(`new-${round}`, round, { owner: 'o', at: round })], at(round));
      expect(await stage.store.collections()).toEqual([stage.collection, rebuild]);
      await stage.store.rename(rebuild, stage.collection);
      expect(await stage.find({ owner: 'o' })).toEqual([`new-${round}`]);
      expect(await stage.store.checkpoint(stage.collection)).toEqual(at(round));
      expect(await stage.store.collections()).toEqual([stage.collection]);
      expect(await stage.store.checkpoint(rebuild)).toBeUndefined();
    }
    await stage.store.rename(stage.collection, stage.collection);
    expect(await stage.find({})).toEqual(['new-3']);
  });

  test('a dropped collection starts afresh, without its old checkpoint', async () => {
    await stage.store.commit(stage.collection, [put('a', 9)], at(9));
    await stage.store.drop(stage.collection);
    expect(await stage.store.collections()).toEqual([]);
    await stage.store.open(stage.collection, []);
    expect(await stage.store.checkpoint(stage.collection)).toBeUndefined();
    await stage.store.commit(stage.collection, [put('b', 1)], at(1));
    expect(await stage.find({})).toEqual(['b']);
  });

  test('opening again keeps the documents and may declare further indexes', async () => {
    await fc.assert(
      fc.asyncProperty(indexes, indexes, scalar, async (first, second, value) => {
        const again = stage.collectionOf('again');
        await stage.store.open(again, first);
        await stage.store.commit(again, [put('x', 1, { a: value })], at(1));
        await stage.store.open(again, [...first, ...second]);
        expect(ids((await stage.store.find(again, { a: value }, { sort: [['b', 'asc']] })).documents)).toEqual(['x']);
      }),
      { numRuns: 20 },
    );
  });

  test('what was committed outlives the store if the adapter is persistent', async () => {
    await stage.store.commit(stage.collection, [put('a', 1, { v: '\u{1F600}' })], at(1));
    const digest = await stage.store.digest(stage.collection);
    await stage.reopen();
    expect(await stage.store.collections()).toEqual(stage.persistent ? [stage.collection] : []);
    if (!stage.persistent) return;
    expect(await stage.store.digest(stage.collection)).toEqual(digest);
    expect(await stage.store.checkpoint(stage.collection)).toEqual(at(1));
    expect((await stage.store.find(stage.collection, {})).documents).toEqual([{ id: 'a', position: position(1), doc: { v: '\u{1F600}' } }]);
  });
}
