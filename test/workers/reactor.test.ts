import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { createLoader } from '../../src/adapters/event-store/loader.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import { START } from '../../src/adapters/event-store/port.ts';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { createTell } from '../../src/commands/dispatcher.ts';
import { unparkReaction } from '../../src/commands/reaction.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { reactionStream, reactions } from '../../src/domain/reaction.ts';
import { done, type Reaction, type Verdict } from '../../src/workers/reaction.ts';
import { readReactionPlaces } from '../../src/workers/reaction-places.ts';
import { createReactor } from '../../src/workers/reactor.ts';
import { wholeLog } from '../../src/workers/shard.ts';
import { administrator } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const metadata = {
  $correlationId: 'c',
  $causationId: 'c',
  commandId: 'c',
  commandHash: '',
  actor: 'a',
  subject: 'person_a' as PersonId,
  time: '2026-01-01T00:00:00.000Z',
};
const write = async (store: EventStore, ...texts: readonly [stream: string, text: string][]): Promise<void> => {
  for (const [stream, text] of texts) await store.append(stream, [{ id: randomUUID(), type: 'Word', version: 1, data: { text }, metadata }], 'any');
};
const textOf = (event: RecordedEvent): string => String(event.data.text);

/** A log with one reaction to words; what the reaction does is the test's. */
function world(
  handle: (text: string, event: RecordedEvent, signal: AbortSignal) => Verdict | Promise<Verdict>,
  { store = createMemoryEventStore(), state = createMemoryDocumentStore(), from = 'start' as Reaction['from'] } = {},
) {
  const loader = createLoader(store);
  const vault = createMemoryKeyVault();
  const refusals = { record: () => undefined, shown: () => undefined, unauthenticated: () => undefined, flush: async () => undefined };
  const tell = createTell({
    store,
    loader,
    sealer: createSealer({ vault, blobs: createMemoryBlobs() }),
    secret: Buffer.alloc(32),
    now: () => new Date(0),
    refusals,
  });
  const dealt: string[] = [];
  const reaction: Reaction = {
    name: 'words',
    types: ['Word'],
    from,
    handle: async (event, signal) => {
      const verdict = await handle(textOf(event), event, signal);
      if (verdict.verb === 'done') dealt.push(textOf(event));
      return verdict;
    },
  };
  const stop = new AbortController();
  const reactor = createReactor({ store, loader, tell, state, reactions: [reaction], attempts: 3, backoff: () => 0 });
  let running: Promise<void> | undefined;
  const words = () => reactor.status().find(({ reaction: name }) => name === 'words');
  return {
    store,
    state,
    dealt,
    words,
    tell,
    begin: () => {
      running = reactor.run(stop.signal);
    },
    quiet: async () => {
      const head = await store.head();
      await until(() => reactor.status().every(({ position, inFlight }) => inFlight === 0 && position >= head));
    },
    end: async () => {
      stop.abort();
      await running;
    },
    saved: async () => (await readReactionPlaces(state, wholeLog, await store.epoch())).get('words') ?? START,
    parked: async () =>
      [...(await loader.load(reactionStream('words'), reactions)).state.events.values()].map(({ revision, stream }) => `${stream} ${revision}`),
  };
}
const park: Verdict = { verb: 'park', reason: 'no' };

describe('a reaction', () => {
  test('is given the events of one stream in order, and those of others meanwhile', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { store, begin, end, quiet, dealt } = world(async (text) => (text === 'a1' ? gate.then(() => done) : done));
    await write(store, ['a', 'a1'], ['a', 'a2'], ['b', 'b1'], ['b', 'b2']);
    begin();
    await until(() => dealt.length === 2);
    expect(dealt).toEqual(['b1', 'b2']);
    open();
    await quiet();
    expect(dealt).toEqual(['b1', 'b2', 'a1', 'a2']);
    await end();
  });

  test('has no event behind its checkpoint that was not dealt with', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = world(async (text, _event, signal) => {
      if (text !== 'a2') return done;
      await Promise.race([gate, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      return { verb: 'retry', reason: 'stopped' };
    });
    await write(first.store, ['a', 'a1'], ['a', 'a2'], ['b', 'b1'], ['a', 'a3']);
    first.begin();
    await until(() => first.dealt.length === 2);
    await setImmediate();
    expect(first.words()?.position).toBe('00000000000000000001');
    await first.end();
    open();
    expect(await first.saved()).toBe('00000000000000000001');
    const second = world(() => done, first);
    second.begin();
    await second.quiet();
    expect(second.dealt.toSorted()).toEqual(['a2', 'a3', 'b1']);
    await second.end();
    expect(await second.saved()).toBe(await first.store.head());
    const third = world(() => done, first);
    third.begin();
    await third.quiet();
    expect(third.dealt).toEqual([]);
    await third.end();
  });

  test('from now on sees nothing older, and after a crash everything since its first start', async () => {
    const store = createMemoryEventStore();
    await write(store, ['a', 'old']);
    const first = world(() => new Promise(() => undefined), { store, from: 'now' });
    first.begin();
    await until(async () => (await first.saved()) !== START);
    await write(store, ['a', 'new']);
    const second = world(() => done, { store, state: first.state, from: 'now' });
    second.begin();
    await second.quiet();
    expect(second.dealt).toEqual(['new']);
    await second.end();
  });

  test('that says stop stands still before the event, and begins there at the next start', async () => {
    const first = world((text) => (text === 'a2' ? { verb: 'stop', reason: 'ours' } : done));
    await write(first.store, ['a', 'a1'], ['a', 'a2'], ['a', 'a3']);
    first.begin();
    await until(() => first.words()?.stopped === 'ours');
    await write(first.store, ['b', 'b1']);
    await setImmediate();
    expect(first.dealt).toEqual(['a1']);
    await first.end();
    expect(await first.saved()).toBe('00000000000000000001');
    const second = world(() => done, first);
    second.begin();
    await second.quiet();
    expect(second.dealt.filter((text) => text !== 'b1')).toEqual(['a2', 'a3']);
    await second.end();
  });

  test('that throws is asked again, and parks the event after its attempts', async () => {
    let tries = 0;
    const { store, begin, end, quiet, dealt, parked } = world((text) => {
      if (text !== 'bad') return done;
      tries++;
      throw new Error('broken');
    });
    await write(store, ['a', 'bad'], ['b', 'good']);
    begin();
    await quiet();
    expect([tries, dealt, await parked()]).toEqual([3, ['good'], ['a 0']]);
    await end();
  });

  test('whose event nothing is wrong with is asked for as long as it takes', async () => {
    let tries = 0;
    const { store, begin, end, quiet, parked } = world(() => (++tries < 20 ? { verb: 'retry', reason: 'later', unlimited: true } : done));
    await write(store, ['a', 'a1']);
    begin();
    await quiet();
    expect([tries, await parked()]).toEqual([20, []]);
    await end();
  });
});

describe('a parked event', () => {
  const parkingWorld = (good: { yes: boolean }, parts = {}) => world((text) => (text === 'a1' && !good.yes ? park : done), parts);
  const unparkFirst = async ({ store, tell }: ReturnType<typeof world>): Promise<void> => {
    for await (const event of store.read('a', { max: 1 }))
      expect(await tell(administrator, unparkReaction({ reaction: 'words', eventId: event.id }))).toMatchObject({ ok: true });
  };

  test('parks the later ones of its stream, and no others', async () => {
    const reactor = parkingWorld({ yes: false });
    await write(reactor.store, ['a', 'a1'], ['a', 'a2'], ['b', 'b1']);
    reactor.begin();
    await reactor.quiet();
    await write(reactor.store, ['a', 'a3']);
    await reactor.quiet();
    expect([reactor.dealt, await reactor.parked()]).toEqual([['b1'], ['a 0', 'a 1', 'a 2']]);
    await reactor.end();
  });

  test('is dealt with once it is unparked, before the later ones', async () => {
    const good = { yes: false };
    const reactor = parkingWorld(good);
    await write(reactor.store, ['a', 'a1'], ['a', 'a2']);
    reactor.begin();
    await reactor.quiet();
    good.yes = true;
    await Promise.all([unparkFirst(reactor), write(reactor.store, ['a', 'a3'])]);
    await reactor.quiet();
    expect([reactor.dealt, await reactor.parked()]).toEqual([['a1', 'a2', 'a3'], []]);
    await reactor.end();
  });

  test('that fails again is parked again, the later ones behind it', async () => {
    const good = { yes: false };
    const reactor = parkingWorld(good);
    await write(reactor.store, ['a', 'a1'], ['a', 'a2']);
    reactor.begin();
    await reactor.quiet();
    await unparkFirst(reactor);
    await reactor.quiet();
    expect([reactor.dealt, await reactor.parked()]).toEqual([[], ['a 0', 'a 1']]);
    good.yes = true;
    await unparkFirst(reactor);
    await reactor.quiet();
    expect([reactor.dealt, await reactor.parked()]).toEqual([['a1', 'a2'], []]);
    await reactor.end();
  });

  test('is not taken up when it is delivered again', async () => {
    const first = parkingWorld({ yes: false });
    await write(first.store, ['a', 'a1']);
    first.begin();
    await first.quiet();
    await first.end();
    const again = parkingWorld({ yes: true }, { store: first.store, state: createMemoryDocumentStore() });
    again.begin();
    await again.quiet();
    expect([again.dealt, await again.parked()]).toEqual([[], ['a 0']]);
    await again.end();
  });

  test('counts as dealt with only when the log has it', async () => {
    const memory = createMemoryEventStore();
    let down = true;
    const store: EventStore = {
      ...memory,
      append: async (stream, ...rest) =>
        stream.startsWith('reaction-') && down ? { ok: false, code: 'StoreUnavailable', message: 'down' } : memory.append(stream, ...rest),
    };
    const reactor = parkingWorld({ yes: false }, { store });
    await write(store, ['a', 'a1'], ['b', 'b1']);
    reactor.begin();
    await until(() => reactor.dealt.includes('b1'));
    await setImmediate();
    expect(reactor.words()).toMatchObject({ inFlight: 1, position: START });
    down = false;
    await reactor.quiet();
    expect(await reactor.parked()).toEqual(['a 0']);
    await reactor.end();
  });
});

test('a checkpoint that cannot be saved ends nothing', async () => {
  const memory = createMemoryDocumentStore();
  let failing = true;
  const state: typeof memory = { ...memory, commit: (...args) => (failing ? Promise.reject(new Error('the disk is full')) : memory.commit(...args)) };
  const reactor = world(() => done, { state });
  await write(reactor.store, ['a', 'a1']);
  reactor.begin();
  await reactor.quiet();
  await write(reactor.store, ['a', 'a2']);
  await reactor.quiet();
  expect(reactor.dealt).toEqual(['a1', 'a2']);
  failing = false;
  await reactor.end();
  expect(await reactor.saved()).toBe(await reactor.store.head());
});
