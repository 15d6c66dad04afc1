import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { type EventStore, type Position, START, type TailBatch } from '../../../src/adapters/event-store/port.ts';
import { sharingTail } from '../../../src/adapters/event-store/shared-tail.ts';
import { eventStoreContract } from '../../contract/event-store.ts';
import { eventToAppend, tailUntil } from '../../contract/event-store-samples.ts';
import { until } from '../../harness/until.ts';

eventStoreContract('memory with a shared tail', async () => {
  const store = sharingTail(createMemoryEventStore(), { window: 50 });
  return { store, dispose: () => store.close() };
});

/** A store that tells how many of its tails are open and how many were ever opened, and whose open tails can be broken. */
function observed(store: EventStore) {
  let opened = 0;
  const open = new Set<AbortController>();
  const tail: EventStore['tail'] = async function* (after, { signal }) {
    const broken = new AbortController();
    opened += 1;
    open.add(broken);
    try {
      yield* store.tail(after, { signal: AbortSignal.any([signal, broken.signal]) });
      broken.signal.throwIfAborted();
    } finally {
      open.delete(broken);
    }
  };
  const breakAll = (reason: Error) => {
    for (const broken of [...open]) broken.abort(reason);
  };
  return { store: { ...store, tail }, opened: () => opened, open: () => open.size, breakAll };
}

/** Follows the log at the pace that the test sets. */
function follower(store: EventStore, after: Position) {
  const ending = new AbortController();
  const batches: TailBatch[] = [];
  let going = Promise.withResolvers<void>();
  going.resolve();
  const follow = async () => {
    for await (const batch of store.tail(after, { signal: ending.signal })) {
      batches.push(batch);
      await going.promise;
    }
  };
  const ended = follow();
  ended.catch(() => undefined);
  return {
    after,
    batches,
    ended,
    positions: () => batches.flatMap(({ events }) => events.map(({ position }) => position)),
    seen: () => batches.at(-1)?.seen ?? after,
    isLive: () => batches.at(-1)?.caughtUp === true,
    stall: () => {
      going.resolve();
      going = Promise.withResolvers();
    },
    goOn: () => going.resolve(),
    end: async () => {
      ending.abort();
      going.resolve();
      await ended;
    },
  };
}

const append = async (store: EventStore, count: number): Promise<Position> => {
  const events = Array.from({ length: count }, (_, n) => eventToAppend({ n }));
  const result = await store.append('note-1', events, 'any');
  if (!result.ok) throw new Error(`The append was refused: ${result.code}`);
  return result.position;
};

const logOf = async (store: EventStore): Promise<readonly Position[]> => {
  const batches = await tailUntil(store, START, (sofar) => sofar.at(-1)?.caughtUp === true);
  return batches.flatMap(({ events }) => events.map(({ position }) => position));
};

type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'follow'; readonly from: number }
  | { readonly do: 'stall' | 'goOn' | 'end'; readonly which: number }
  | { readonly do: 'breathe'; readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('follow' as const), from: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'goOn' as const, 'end' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('breathe' as const), turns: fc.integer({ min: 1, max: 6 }) }) },
);

test('followers that join, stall, go on and leave as they like each get every event once, in order, and are told the truth about it', async () => {
  const run = async (steps: readonly Step[], window: number, pageSize: number) => {
    const plain = createMemoryEventStore({ pageSize });
    const upstream = observed(plain);
    const store = sharingTail(upstream.store, { window });
    const all: { of: ReturnType<typeof follower>; headBefore: Position }[] = [];
    const going = new Set<ReturnType<typeof follower>>();
    for (const next of steps) {
      if (next.do === 'append') await append(store, next.count);
      else if (next.do === 'breathe') for (let turn = 0; turn < next.turns; turn += 1) await setImmediate();
      else if (next.do === 'follow') {
        const headBefore = await plain.head();
        const log = [START, ...(await logOf(plain))];
        const of = follower(store, log.at(-1 - (next.from % log.length)) ?? START);
        all.push({ of, headBefore });
        going.add(of);
      } else {
        const of = [...going][next.which % going.size];
        if (next.do === 'end') going.delete(of as ReturnType<typeof follower>);
        await of?.[next.do]();
      }
    }
    for (const of of going) of.goOn();
    const head = await append(store, 1);
    for (const of of going) await until(() => of.seen() === head && of.isLive());
    await until(() => upstream.open() <= 1);
    for (const of of going) await of.end();
    expect(upstream.open()).toBe(0);

    const log = await logOf(plain);
    for (const { of, headBefore } of all) {
      expect(of.positions()).toEqual(log.filter((position) => position > of.after && position <= of.seen()));
      let place = of.after;
      for (const { events, seen, caughtUp } of of.batches) {
        expect(events.map(({ position }) => position)).toEqual(log.filter((position) => position > place && position <= seen));
        expect(caughtUp && seen < headBefore).toBe(false);
        place = seen;
      }
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), run), {
    numRuns: 150,
  });
});

test('however many follow the live edge, the store has one tail open, and none when the last has left', async () => {
  const upstream = observed(createMemoryEventStore());
  const store = sharingTail(upstream.store);
  await append(store, 3);
  const followers = Array.from({ length: 20 }, (_, n) => follower(store, n % 2 === 0 ? START : `${'0'.repeat(19)}3`));
  for (const one of followers) await until(one.isLive);
  await until(() => upstream.open() === 1);
  const opened = upstream.opened();
  const head = await append(store, 5);
  for (const one of followers) await until(() => one.seen() === head);
  expect(upstream.opened()).toBe(opened);
  for (const [left, one] of followers.entries()) {
    expect(upstream.open()).toBe(1);
    await one.end();
    expect(upstream.open()).toBe(left === followers.length - 1 ? 0 : 1);
  }
});

test('one that stalls neither holds up the others nor is waited for, and reads by itself what is held no longer', async () => {
  const upstream = observed(createMemoryEventStore());
  const store = sharingTail(upstream.store, { window: 10 });
  const [quick, slow] = [follower(store, START), follower(store, START)];
  await until(() => quick.isLive() && slow.isLive() && upstream.open() === 1);
  slow.stall();
  await append(store, 1);
  await until(() => slow.batches.length === 2);
  for (let n = 0; n < 10; n += 1) {
    const head = await append(store, 10);
    await until(() => quick.seen() === head);
  }
  expect(slow.batches).toHaveLength(2);
  const opened = upstream.opened();
  slow.goOn();
  await until(() => slow.seen() === quick.seen() && slow.isLive());
  expect(upstream.opened()).toBe(opened + 1);
  await until(() => upstream.open() === 1);
  expect(slow.positions()).toEqual(quick.positions());
  await Promise.all([quick.end(), slow.end()]);
});

test('one that caught up before the shared tail began goes on with its own until it gets there', async () => {
  const upstream = observed(createMemoryEventStore());
  const store = sharingTail(upstream.store);
  const early = follower(store, START);
  early.stall();
  await until(early.isLive);
  await append(store, 1);
  const later = follower(store, START);
  await until(() => later.isLive() && upstream.opened() === 3 && upstream.open() === 2);
  early.goOn();
  await until(() => upstream.open() === 1);
  expect(upstream.opened()).toBe(3);
  expect(early.positions()).toEqual(later.positions());
  await Promise.all([early.end(), later.end()]);
});

test('an error of the shared tail reaches every follower, and whoever follows after it starts afresh', async () => {
  const upstream = observed(createMemoryEventStore());
  const store = sharingTail(upstream.store);
  const [stalled, ...others] = [follower(store, START), follower(store, START), follower(store, START)] as const;
  for (const one of [stalled, ...others]) await until(one.isLive);
  await until(() => upstream.open() === 1);
  stalled.stall();
  const before = await append(store, 1);
  for (const one of [stalled, ...others]) await until(() => one.seen() === before);
  upstream.breakAll(new Error('the log is lost'));
  for (const one of others) await expect(one.ended).rejects.toThrow('the log is lost');
  const next = follower(store, START);
  await until(() => next.isLive() && upstream.open() === 1);
  const head = await append(store, 1);
  await until(() => next.seen() === head);
  stalled.goOn();
  await expect(stalled.ended).rejects.toThrow('the log is lost');
  await next.end();
  expect(upstream.open()).toBe(0);
});

test('a follower that breaks off its loop is no follower any more', async () => {
  const upstream = observed(createMemoryEventStore());
  const store = sharingTail(upstream.store);
  let batches = 0;
  for await (const _ of store.tail(START, { signal: new AbortController().signal })) {
    if (++batches === 2) break;
    void until(() => upstream.opened() === 2 && upstream.open() === 1).then(() => append(store, 1));
  }
  expect(upstream.open()).toBe(0);
});
