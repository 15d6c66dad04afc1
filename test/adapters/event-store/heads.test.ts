import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../../src/adapters/document-store/memory.ts';
import type { DocumentStore } from '../../../src/adapters/document-store/port.ts';
import { headKey, headText, isSignedBy, parsePublicKey, publicKeyText, signHead } from '../../../src/adapters/event-store/heads.ts';
import { createHeads, HeadsRefused } from '../../../src/adapters/event-store/heads-export.ts';
import { readHeads } from '../../../src/adapters/event-store/heads-file.ts';
import { leavesOfStore } from '../../../src/adapters/event-store/heads-leaves.ts';
import { leavesInFolder } from '../../../src/adapters/event-store/heads-leaves-sqlite.ts';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { isConsistent, isIncluded, leafHash } from '../../../src/adapters/event-store/merkle.ts';
import { type EventStore, START } from '../../../src/adapters/event-store/port.ts';
import { verifyEvents } from '../../../src/adapters/event-store/verify.ts';
import { unsigned } from '../../../src/adapters/event-store/verify-heads.ts';
import type { LeafBatch, Leaves } from '../../../src/adapters/evidence/port.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';
import { openStore, temporaryFolder } from './damage.ts';

const head = { size: 3, rootHash: 'ab'.repeat(32), time: '2026-01-01T00:00:00.000Z', installation: 'here' };
const key = headKey(randomBytes(32));
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('a signature is that of the head and the key alone', () => {
  const signed = signHead(head, key.privateKey);
  expect(isSignedBy(signed, key.publicKey)).toBe(true);
  expect(isSignedBy(signed, headKey(randomBytes(32)).publicKey)).toBe(false);
  for (const change of [{ size: 4 }, { rootHash: 'ba'.repeat(32) }, { time: '2026-01-01T00:00:00.001Z' }, { installation: 'there' }])
    expect(isSignedBy({ ...signed, ...change }, key.publicKey)).toBe(false);
  expect(headText(head)).toBe(`annals head v1\n{"installation":"here","rootHash":"${head.rootHash}","size":3,"time":"2026-01-01T00:00:00.000Z"}`);
});

test('equal seeds are equal keys, and a public key can be written down', () => {
  const seed = randomBytes(32);
  expect(publicKeyText(headKey(seed).publicKey)).toBe(publicKeyText(headKey(seed).publicKey));
  const read = parsePublicKey(publicKeyText(key.publicKey));
  expect(read && isSignedBy(signHead(head, key.privateKey), read)).toBe(true);
  for (const text of ['', 'nonsense', `${publicKeyText(key.publicKey)}=`]) expect(parsePublicKey(text)).toBeUndefined();
});

interface World {
  readonly store: EventStore;
  readonly state: DocumentStore;
  readonly file: string;
  write(count: number): Promise<void>;
  /** As a process that has just been started has it. */
  heads(other?: Partial<Parameters<typeof createHeads>[0]>): ReturnType<typeof createHeads>;
}

function world(): World {
  const [store, state] = [createMemoryEventStore({ epoch: 'first' }), createMemoryDocumentStore()];
  const file = join(temporaryFolder(), 'heads.jsonl');
  let time = Date.parse('2026-01-01T00:00:00.000Z');
  const now = (): Date => {
    time += 1000;
    return new Date(time);
  };
  return {
    store,
    state,
    file,
    async write(count) {
      for (let n = 0; n < count; n += 1) await store.append(`a-${n % 3}`, [eventToAppend({ n })], 'any');
    },
    heads: (other = {}) =>
      createHeads({ leaves: leavesOfStore(store), state, epoch: () => store.epoch(), key, installation: 'here', file, now, ...other }),
  };
}

test('a head is signed whenever the log has grown, and only then', async () => {
  const { write, heads, file } = world();
  const signing = heads();
  expect(await signing.sign()).toBeUndefined();
  expect(existsSync(file)).toBe(false);
  await write(3);
  expect(await signing.sign()).toMatchObject({ size: 3, installation: 'here' });
  expect(await signing.sign()).toBeUndefined();
  await write(2);
  expect(await heads().sign()).toMatchObject({ size: 5 });
  expect(await heads().sign()).toBeUndefined();
  const exported = readHeads(file);
  expect(exported.problems).toEqual([]);
  expect(exported.heads.map(({ size }) => size)).toEqual([3, 5]);
  expect(unsigned(exported.heads, { publicKey: key.publicKey, installation: 'here' })).toEqual([]);
  expect((await signing.heads({ limit: 10 })).heads).toEqual(exported.heads.toReversed());
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('whatever is grown, restarted or lost between heads, they are those of one log, and every proof under them holds', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.constantFrom({ kind: 'restart' } as const, { kind: 'lose file' } as const, { kind: 'lose state' } as const, { kind: 'new epoch' } as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { write, file, heads, store } = world();
      let state = createMemoryDocumentStore();
      let life = 'first';
      const start = () => heads({ state, epoch: async () => life });
      let signing = start();
      let events = 0;
      for (const each of steps) {
        if (each.kind === 'write') {
          await write(each.count);
          events += each.count;
        } else {
          if (each.kind === 'lose file') rmSync(file, { force: true });
          if (each.kind === 'lose state') state = createMemoryDocumentStore();
          if (each.kind === 'new epoch') life = `${life}+`;
          signing = start();
        }
        await signing.sign();
      }
      if (events === 0) return;
      const { heads: known } = await signing.heads({ limit: 100 });
      expect(known[0]?.size).toBe(events);
      expect(readHeads(file).heads.at(-1)).toEqual(known[0]);
      const [older, newer] = [known.at(-1) ?? head, known[0] ?? head];
      const proof = await signing.consistency(older.size, newer.size);
      expect(proof).not.toBe('NoHead');
      if (proof !== 'NoHead')
        expect(
          isConsistent({
            oldSize: older.size,
            oldRoot: hex(older.rootHash),
            size: newer.size,
            root: hex(newer.rootHash),
            proof: proof.path.map(hex),
          }),
        ).toBe(true);
      for await (const { id, stream, revision } of store.read('a-0')) {
        const shown = await signing.include({ stream, revision: Number(revision) });
        if (typeof shown === 'string') throw new Error(shown);
        expect(shown.event.id).toBe(id);
        const { leaf, index, path, head: under } = shown;
        expect(isIncluded({ leaf: leafHash(hex(leaf)), index, size: under.size, root: hex(under.rootHash), proof: path.map(hex) })).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test('over another log than the exported one no head is signed, and whoever asks hears why', async () => {
  const { write, heads, file, state } = world();
  await write(6);
  await heads().sign();
  const before = readFileSync(file, 'utf8');
  const other = createMemoryEventStore({ epoch: 'first' });
  for (let n = 0; n < 9; n += 1) await other.append('a-0', [eventToAppend({ other: n })], 'any');
  const cut = createMemoryEventStore({ epoch: 'first' });
  await cut.append('a-0', [eventToAppend({})], 'any');
  for (const [store, said] of [
    [other, 'not the one that the head over 6 events'],
    [cut, 'fewer than the head over 6 events'],
  ] as const) {
    const signing = heads({ leaves: leavesOfStore(store), state: createMemoryDocumentStore() });
    await expect(signing.sign()).rejects.toThrow(HeadsRefused);
    expect(await signing.problem()).toContain(said);
  }
  // Nobody but the installation can sign, but somebody may bring a head of another life of it.
  const theirs = signHead({ size: 3, rootHash: 'ab'.repeat(32), time: '2026-01-01T00:00:00.000Z', installation: 'here' }, key.privateKey);
  writeFileSync(file, `${JSON.stringify(theirs)}\n`);
  await expect(heads().sign()).rejects.toThrow('not the one that the head over 3 events');
  writeFileSync(file, before);
  // The tree that was kept goes on from where it was, so it sees a cut, and an edit only at the next start without it.
  await expect(heads({ leaves: leavesOfStore(cut), epoch: async () => 'second' }).sign()).rejects.toThrow('fewer than the head');
  expect(readFileSync(file, 'utf8')).toBe(before);
  await write(1);
  const whole = heads();
  expect(await whole.sign()).toMatchObject({ size: 7 });
  expect(await whole.problem()).toBeUndefined();
  expect(await state.collections()).toContain('heads@1');
});

test('a signing that is ended half-way signs nothing, and is no reason to doubt the log', async () => {
  const { write, heads, store } = world();
  await write(6);
  await heads().sign();
  const stop = new AbortController();
  const leaves = leavesOfStore(store);
  const ending: Leaves = {
    ...leaves,
    async *after(position, signal) {
      for await (const batch of leaves.after(position, signal)) {
        stop.abort();
        yield { ...batch, leaves: batch.leaves.slice(0, 2) };
      }
    },
  };
  const signing = heads({ leaves: ending, state: createMemoryDocumentStore() });
  await expect(signing.sign(stop.signal)).rejects.toThrow('abort');
  expect(await signing.problem()).toBeUndefined();
});

test('a file that ends with a head of somebody else, or that cannot be written, is never added to', async () => {
  const { write, heads, file } = world();
  await write(2);
  await heads({ key: headKey(randomBytes(32)) }).sign();
  const before = readFileSync(file, 'utf8');
  await expect(heads({ state: createMemoryDocumentStore() }).sign()).rejects.toThrow('not signed');
  await expect(heads({ installation: 'there', state: createMemoryDocumentStore() }).sign()).rejects.toThrow('not signed');
  expect(readFileSync(file, 'utf8')).toBe(before);
  const nowhere = join(temporaryFolder(), 'no such folder', 'heads');
  await expect(heads({ file: nowhere, state: createMemoryDocumentStore() }).sign()).rejects.toThrow('cannot be exported');
});

test('a line that was cut off keeps no later head from being read', async () => {
  const { write, heads, file } = world();
  await write(1);
  await heads().sign();
  const [line = ''] = readFileSync(file, 'utf8').split('\n');
  appendFileSync(file, line.slice(0, 40));
  await write(1);
  await heads().sign();
  const { heads: read, problems } = readHeads(file);
  expect(read.map(({ size }) => size)).toEqual([1, 2]);
  expect(problems).toEqual([expect.stringContaining('line 2 of')]);
});

test('forged heads are told by their signatures, their installation and their order', () => {
  const one = signHead(head, key.privateKey);
  const two = signHead({ ...head, size: 2 }, key.privateKey);
  const theirs = signHead(head, headKey(randomBytes(32)).privateKey);
  const signer = { publicKey: key.publicKey, installation: 'here' };
  expect(unsigned([two, one], signer)).toEqual([]);
  expect(unsigned([one, two], signer)).toEqual([expect.stringContaining('stands behind one over more')]);
  expect(unsigned([theirs], signer)).toEqual([expect.stringContaining('not been signed with the key')]);
  expect(unsigned([one], { ...signer, installation: 'there' })).toEqual([expect.stringContaining('of another installation')]);
});

test('the leaves that a log in a folder keeps are those that are computed from its events', async () => {
  const folder = temporaryFolder();
  const store = await openStore({ folder });
  for (let n = 0; n < 7; n += 1) await store.append(`a-${n % 2}`, [eventToAppend({ n, 10: 'ten', 9: 'nine', text: 'ü\u2028"' })], 'any');
  const [kept, computed] = [leavesInFolder(folder), leavesOfStore(store)];
  const batches = async (leaves: Leaves, after: string): Promise<LeafBatch[]> => {
    const found: LeafBatch[] = [];
    for await (const batch of leaves.after(after)) found.push(batch);
    return found;
  };
  const collected = async (leaves: Leaves, after = START) => (await batches(leaves, after)).flatMap((batch) => batch.leaves);
  expect((await collected(kept)).length).toBe(7);
  expect(await collected(kept)).toEqual(await collected(computed));
  const half = START.replace(/.$/, '3');
  expect((await collected(kept, half)).length).toBe(4);
  expect(await collected(kept, half)).toEqual(await collected(computed, half));
  expect(await kept.find('a-1', 2)).toEqual(await computed.find('a-1', 2));
  expect((await kept.find('a-1', 2))?.index).toBe(5);
  expect([await kept.find('a-1', 3), await computed.find('a-1', 3)]).toEqual([undefined, undefined]);
  const file = join(folder, 'heads');
  writeFileSync(file, '');
  const signing = createHeads({
    leaves: kept,
    state: createMemoryDocumentStore(),
    epoch: () => store.epoch(),
    key,
    installation: 'here',
    file,
    now: () => new Date(),
  });
  await signing.sign();
  expect(await verifyEvents(folder, { heads: readHeads(file).heads })).toEqual({ events: 7, problems: [] });
});
