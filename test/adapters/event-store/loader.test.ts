import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLoader } from '../../../src/adapters/event-store/loader.ts';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { type EventStore, type EventToAppend, type ReadOptions, START } from '../../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { collect, eventToAppend } from '../../contract/event-store-samples.ts';

/** Its state is changed in place, as a decider's may be. */
const revisions = {
  initialState: (): bigint[] => [],
  evolve: (state: bigint[], { revision }: RecordedEvent) => {
    state.push(revision);
    return state;
  },
};

/** A store that tells which events were read, and from where. */
function watched() {
  const store = createMemoryEventStore();
  const froms: (bigint | undefined)[] = [];
  const read = (stream: string, options?: ReadOptions) => {
    froms.push(options?.from);
    return store.read(stream, options);
  };
  return { store, froms, watching: { ...store, read } satisfies EventStore };
}

const dense = (count: number) => Array.from({ length: count }, (_, revision) => BigInt(revision));
const ofCommand = (commandId: string, commandHash: string): EventToAppend => {
  const event = eventToAppend();
  return { ...event, metadata: { ...event.metadata, commandId, commandHash } };
};

test('an empty stream has the initial state, no revision and no command', async () => {
  const { watching } = watched();
  expect(await createLoader(watching).load('note-1', revisions)).toEqual({ state: [], revision: 'noStream', position: START, commands: new Map() });
});

test('a load folds only what was stored since the last one', async () => {
  const { store, froms, watching } = watched();
  const loader = createLoader(watching);
  for (const count of [2, 3, 0]) {
    if (count > 0)
      await store.append(
        'note-1',
        Array.from({ length: count }, () => eventToAppend()),
        'any',
      );
    await loader.load('note-1', revisions);
  }
  expect(froms).toEqual([0n, 2n, 5n]);
  expect(await loader.load('note-1', revisions)).toMatchObject({ state: dense(5), revision: 4n, position: await store.head() });
});

test('a command is known by its id, with its hash and the revisions of its events', async () => {
  const { store, watching } = watched();
  await store.append('note-1', [ofCommand('first', 'a'), ofCommand('first', 'a')], 'noStream');
  await store.append('note-1', [ofCommand('second', 'b')], 1n);
  const { commands } = await createLoader(watching).load('note-1', revisions);
  expect([...commands]).toEqual([
    ['first', { hash: 'a', first: 0n, last: 1n }],
    ['second', { hash: 'b', first: 2n, last: 2n }],
  ]);
});

test('events of an own append move the state on only from exactly before them', async () => {
  const { store, froms, watching } = watched();
  const loader = createLoader(watching);
  await loader.load('note-1', revisions);
  await store.append('note-1', [eventToAppend(), eventToAppend(), eventToAppend()], 'noStream');
  const events = await collect(store.read('note-1'));
  loader.applied('note-1', revisions, events.slice(1));
  loader.applied('note-1', revisions, events.slice(0, 2));
  loader.applied('note-1', revisions, events.slice(0, 2));
  loader.applied('note-2', revisions, events);
  expect((await loader.load('note-1', revisions)).state).toEqual(dense(3));
  expect((await loader.load('note-2', revisions)).state).toEqual([]);
  expect(froms).toEqual([0n, 2n, 0n]);
});

test('another decider on the same stream is folded apart, and a forgotten stream from its start', async () => {
  const { store, froms, watching } = watched();
  const loader = createLoader(watching);
  await store.append('note-1', [eventToAppend()], 'noStream');
  await loader.load('note-1', revisions);
  expect((await loader.load('note-1', { initialState: () => 'count:', evolve: (state: string) => `${state}1` })).state).toBe('count:1');
  loader.forget('note-1');
  expect((await loader.load('note-1', revisions)).state).toEqual(dense(1));
  expect(froms).toEqual([0n, 0n, 0n]);
});

test('only the states used last are kept', async () => {
  const { froms, store, watching } = watched();
  const loader = createLoader(watching, { max: 2 });
  for (const stream of ['a', 'b', 'c']) await store.append(stream, [eventToAppend()], 'noStream');
  for (const stream of ['a', 'b', 'a', 'c', 'a', 'b']) expect((await loader.load(stream, revisions)).state).toEqual(dense(1));
  expect(froms).toEqual([0n, 0n, 1n, 0n, 1n, 0n]);
});

test('a fold that throws leaves no half-folded state behind', async () => {
  const { store, watching } = watched();
  const loader = createLoader(watching);
  await store.append('note-1', [eventToAppend(), eventToAppend()], 'noStream');
  let broken = true;
  const fragile = {
    ...revisions,
    evolve: (state: bigint[], event: RecordedEvent) => {
      state.push(event.revision);
      if (broken && event.revision === 1n) throw new Error('not this one');
      return state;
    },
  };
  await expect(loader.load('note-1', fragile)).rejects.toThrow('not this one');
  broken = false;
  expect((await loader.load('note-1', fragile)).state).toEqual(dense(2));
});

test('however loads, appends and own events interleave, every load is the fold of a prefix that has all stored before it', async () => {
  const step = fc.constantFrom('load', 'append', 'applied', 'forget');
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 25 }), async (scheduler, steps) => {
      const store = createMemoryEventStore();
      const read = async function* (stream: string, options?: ReadOptions) {
        for await (const event of store.read(stream, options)) {
          await scheduler.schedule(Promise.resolve());
          yield event;
        }
      };
      const loader = createLoader({ read });
      const loads: Promise<void>[] = [];
      for (const one of steps) {
        if (one === 'append') await store.append('note-1', [eventToAppend()], 'any');
        else if (one === 'applied') loader.applied('note-1', revisions, await collect(store.read('note-1')));
        else if (one === 'forget') loader.forget('note-1');
        else {
          const atLeast = (await collect(store.read('note-1'))).length;
          const check = ({ state, revision }: { state: readonly bigint[]; revision: bigint | 'noStream' }) => {
            expect(state).toEqual(dense(state.length));
            expect(state.length).toBeGreaterThanOrEqual(atLeast);
            expect(revision).toBe(state.length === 0 ? 'noStream' : BigInt(state.length - 1));
          };
          loads.push(loader.load('note-1', revisions).then(check));
        }
      }
      await scheduler.waitFor(Promise.all(loads));
    }),
  );
});
