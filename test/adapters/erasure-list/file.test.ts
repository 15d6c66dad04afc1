import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openErasureFiles } from '../../../src/adapters/erasure-list/file.ts';
import { listingVault } from '../../../src/adapters/erasure-list/listing-vault.ts';
import type { Erased, ErasureList } from '../../../src/adapters/erasure-list/port.ts';
import { severalLists } from '../../../src/adapters/erasure-list/several.ts';
import { createMemoryKeyVault } from '../../../src/adapters/key-vault/memory.ts';
import { applyErasureList } from '../../../src/workers/apply-erasures.ts';

const root = mkdtempSync(join(tmpdir(), 'annals-erasures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFile = (): string => {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return join(folder, 'erasures.jsonl');
};
const ada: Erased = { kind: 'subject', name: 'person_ada' };
const thread: Erased = { kind: 'scope', name: 'thread_1' };
const some = fc.array(fc.record({ kind: fc.constantFrom('subject' as const, 'scope' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }), {
  maxLength: 12,
});
const unique = (all: readonly Erased[]): Erased[] => [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];

test('whatever is added is there once, in its order, after reopening too', async () => {
  await fc.assert(
    fc.asyncProperty(some, fc.nat(12), async (all, reopenAt) => {
      const file = newFile();
      let list = openErasureFiles([file]);
      for (const [index, erased] of all.entries()) {
        if (index === reopenAt) list = openErasureFiles([file]);
        await list.add(erased);
      }
      expect(await openErasureFiles([file]).all()).toEqual(unique(all));
      expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(unique(all).length);
    }),
    { numRuns: 50 },
  );
});

test('what one of several files lacks is added to it at the opening', async () => {
  const [inside, outside] = [newFile(), newFile()];
  await openErasureFiles([outside]).add(ada);
  await openErasureFiles([inside]).add(thread);
  openErasureFiles([outside, inside]);
  for (const file of [inside, outside]) expect(await openErasureFiles([file]).all()).toHaveLength(2);
});

test('a line that was cut off is passed over, and the next one stands by itself', async () => {
  const file = newFile();
  await openErasureFiles([file]).add(ada);
  await openErasureFiles([file]).add(thread);
  truncateSync(file, readFileSync(file).length - 9);
  const list = openErasureFiles([file]);
  expect(await list.all()).toEqual([ada]);
  await list.add(thread);
  expect(await openErasureFiles([file]).all()).toEqual([ada, thread]);
});

test('nothing is destroyed that could not be put on the list', async () => {
  const file = newFile();
  const vault = createMemoryKeyVault();
  const listing = listingVault(vault, openErasureFiles([file]));
  rmSync(file);
  rmSync(join(file, '..'), { recursive: true });
  await expect(listing.destroySubject('person_ada')).rejects.toMatchObject({ code: 'StoreUnavailable' });
  expect(await vault.isDestroyed({ subject: 'person_ada', scope: 'thread_1' })).toBe(false);
  mkdirSync(join(file, '..'));
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  await listing.destroySubject('person_ada');
  expect(await vault.isDestroyed({ subject: 'person_ada', scope: 'thread_1' })).toBe(true);
  expect(await openErasureFiles([file]).all()).toEqual([ada]);
});

test('an older vault has what stands on the list destroyed in it, once', async () => {
  const list = openErasureFiles([newFile()]);
  await list.add(ada);
  await list.add(thread);
  const older = createMemoryKeyVault();
  const key = await older.getOrCreate({ subject: ada.name, scope: 'thread_2' });
  expect(key.ok).toBe(true);
  expect(await applyErasureList(list, older)).toBe(2);
  expect(await older.getOrCreate({ subject: ada.name, scope: 'thread_2' })).toEqual({ ok: false, code: 'Destroyed' });
  expect(await older.getOrCreate({ subject: 'person_bob', scope: thread.name })).toEqual({ ok: false, code: 'Destroyed' });
  expect(await applyErasureList(list, older)).toBe(0);
});

test('several lists are one: what was put back from a backup learns what the others know', async () => {
  const memory = (): ErasureList => {
    const all: Erased[] = [];
    return { add: async (erased) => void all.push(erased), all: async () => all };
  };
  const [one, other] = [memory(), memory()];
  await one.add(ada);
  await other.add(thread);
  const both = severalLists([one, other]);
  await both.level();
  expect(await one.all()).toEqual([ada, thread]);
  expect(await other.all()).toEqual([thread, ada]);
  expect(await both.all()).toHaveLength(2);
});
