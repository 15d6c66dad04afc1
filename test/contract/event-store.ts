import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AppendResult, type EventStore, type EventToAppend, START, type TailBatch } from '../../src/adapters/event-store/port.ts';
import { eventStoreModel } from './event-store-model.ts';
import { collect, eventToAppend, newStream, tailUntil } from './event-store-samples.ts';

export interface EventStoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and opens the same log again; absent where nothing outlives `close`. */
  readonly reopen?: () => Promise<EventStore>;
  readonly dispose: () => Promise<void>;
}

const isCaughtUp = (batches: readonly TailBatch[]) => batches.at(-1)?.caughtUp === true;
const eventsOf = (batches: readonly TailBatch[], stream?: string) =>
  batches.flatMap(({ events }) => events).filter((event) => stream === undefined || event.stream === stream);

/** Every store of events passes this suite, one that is shared with others' streams too. */
export function eventStoreContract(name: string, make: () => Promise<EventStoreUnderTest>): void {
  describe(`the event store port, on ${name}`, () => {
    let under: EventStoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      under = await make();
      store = under.store;
    });
    afterAll(() => under.dispose());

    const stored = async (stream: string, count: number): Promise<readonly EventToAppend[]> => {
      const events = Array.from({ length: count }, (_, index) => eventToAppend({ index }));
      expect(await store.append(stream, events, 'noStream')).toMatchObject({ ok: true });
      return events;
    };

    test('it behaves like a list per stream, whatever is appended, repeated and read in whichever order', () => eventStoreModel(() => store), 60_000);

    test('an event comes back as it was appended, with its place', async () => {
      const stream = newStream();
      const event = eventToAppend({ text: 'ünï \u0000 "quoted" \u2028', deep: [{ b: [1.5, -0.25, 1e21, null, true] }, 'x'], empty: {} });
      const result = await store.append(stream, [event], 'noStream');
      const [read] = await collect(store.read(stream));
      expect(read).toEqual({ ...event, stream, revision: 0n, position: result.ok && result.position });
    });

    test('whoever changes an event in hand changes nothing that is stored', async () => {
      const stream = newStream();
      const data = { list: [1] };
      await store.append(stream, [eventToAppend(data)], 'noStream');
      data.list.push(2);
      const [first] = await collect(store.read(stream));
      Object.assign(first?.data ?? {}, { list: [] });
      expect((await collect(store.read(stream)))[0]?.data).toEqual({ list: [1] });
    });

    test('a stream that was never written is empty, and its refusals say so by naming no revision', async () => {
      const stream = newStream();
      expect(await collect(store.read(stream))).toEqual([]);
      expect(await collect(store.read(stream, { backwards: true }))).toEqual([]);
      expect(await store.append(stream, [eventToAppend()], 3n)).toEqual({ ok: false, code: 'WrongExpectedRevision' });
    });

    test('what must never be stored is a TypeError, and nothing of it is stored', async () => {
      const stream = newStream();
      const wrong: [string, readonly EventToAppend[]][] = [
        [stream, []],
        [stream, [eventToAppend({}, 'no-uuid')]],
        [stream, [eventToAppend({}, '')]],
        [stream, [{ ...eventToAppend(), type: '' }]],
        [stream, [eventToAppend(), { ...eventToAppend(), type: '' }]],
        ['', [eventToAppend()]],
        [stream, [eventToAppend({ text: '\ud800' })]],
        [stream, [eventToAppend({ number: Number.NaN })]],
      ];
      for (const [name, events] of wrong) await expect(store.append(name, events, 'any')).rejects.toThrow(TypeError);
      await expect(store.append(stream, [eventToAppend()], -1n)).rejects.toThrow(TypeError);
      expect(await collect(store.read(stream))).toEqual([]);
    });

    test('an append of more than 1 MiB is too large, says the limit, and stores nothing', async () => {
      const stream = newStream();
      const half = () => eventToAppend({ text: 'é'.repeat(300_000) });
      expect(await store.append(stream, [half(), half()], 'noStream')).toEqual({
        ok: false,
        code: 'TooLarge',
        message: expect.stringContaining('1048576'),
      });
      expect(await collect(store.read(stream))).toEqual([]);
      expect(await store.append(stream, [half()], 'noStream')).toMatchObject({ ok: true });
    });

    test('an append given up before it was sent is an unknown outcome, and a repeat settles it', async () => {
      const stream = newStream();
      const event = eventToAppend();
      expect(await store.append(stream, [event], 'noStream', { signal: AbortSignal.abort() })).toMatchObject({ ok: false, code: 'OutcomeUnknown' });
      const ending = new AbortController();
      const appending = store.append(stream, [event], 'noStream', { signal: ending.signal });
      ending.abort();
      const outcome = await appending;
      expect(outcome.ok || outcome.code === 'OutcomeUnknown').toBe(true);
      expect(await store.append(stream, [event], 'noStream')).toMatchObject({ ok: true, revision: 0n });
      expect(await collect(store.read(stream))).toHaveLength(1);
    });

    test('of many who append at the same revision exactly one wins', async () => {
      const stream = newStream();
      for (const expected of ['noStream', 0n, 1n] as const) {
        const results = await Promise.all(Array.from({ length: 16 }, () => store.append(stream, [eventToAppend()], expected)));
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(results.filter((result) => !result.ok && result.code === 'WrongExpectedRevision')).toHaveLength(15);
      }
    });

    test('the same append sent twice at once is stored once', async () => {
      const stream = newStream();
      const events = [eventToAppend(), eventToAppend()];
      const results = await Promise.all([1, 2, 3, 4].map(() => store.append(stream, events, 'noStream')));
      expect(results.every((result) => result.ok && result.revision === 1n)).toBe(true);
      expect(await collect(store.read(stream))).toHaveLength(2);
    });

    test('a refused append spoils none of those sent with it', async () => {
      const [good, bad] = [newStream(), newStream()];
      const results = await Promise.all([
        store.append(good, [eventToAppend()], 'noStream'),
        store.append(bad, [eventToAppend()], 7n),
        store.append(good, [eventToAppend()], 0n),
      ]);
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
      expect(await collect(store.read(good))).toHaveLength(2);
    });

    test('a stream longer than a page is read whole, from both ends, and from the middle', async () => {
      const stream = newStream();
      const ids = (await stored(stream, 1203)).map(({ id }) => id);
      const read = async (options: Parameters<EventStore['read']>[1]) => (await collect(store.read(stream, options))).map(({ id }) => id);
      expect(await read({})).toEqual(ids);
      expect(await read({ backwards: true })).toEqual(ids.toReversed());
      expect(await read({ from: 600n, max: 550 })).toEqual(ids.slice(600, 1150));
      expect(await read({ from: 600n, max: 550, backwards: true })).toEqual(ids.slice(51, 601).reverse());
      expect(await read({ max: 0 })).toEqual([]);
    });

    test('a read whose signal has ended does not pass for a whole one', async () => {
      const stream = newStream();
      await stored(stream, 2);
      await expect(collect(store.read(stream, { signal: AbortSignal.abort() }))).rejects.toThrow();
    });

    test('a tail at the head tells once that it has caught up, then brings what is appended', async () => {
      const stream = newStream();
      await stored(newStream(), 1);
      const head = await store.head();
      const batches = await tailUntil(store, head, (sofar) => {
        if (sofar.length === 1) void store.append(stream, [eventToAppend()], 'noStream');
        return eventsOf(sofar, stream).length === 1;
      });
      expect(batches[0]).toEqual({ events: [], seen: head, caughtUp: true });
      expect(batches.at(-1)?.seen).toBe(await store.head());
    });

    test('a tail from the start brings what was appended before it, in order of position', async () => {
      const stream = newStream();
      const ids = (await stored(stream, 3)).map(({ id }) => id);
      const batches = await tailUntil(store, START, isCaughtUp);
      expect(eventsOf(batches, stream).map(({ id }) => id)).toEqual(ids);
      const positions = eventsOf(batches).map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted());
      expect(batches.at(-1)?.seen).toBe(await store.head());
    });

    test('a tail ends with its signal while it waits, and leaves others alone', async () => {
      const head = await store.head();
      const stream = newStream();
      const [first, second] = [new AbortController(), new AbortController()];
      const other = tailUntil(store, head, (batches) => eventsOf(batches, stream).length === 1);
      for await (const batch of store.tail(head, { signal: first.signal })) if (batch.caughtUp) first.abort();
      second.abort();
      for await (const batch of store.tail(head, { signal: second.signal })) expect(batch).toBeUndefined();
      await store.append(stream, [eventToAppend()], 'noStream');
      expect(eventsOf(await other, stream)).toHaveLength(1);
    });

    test('while 64 append at once, two tails see every event once, in order, and no append torn', async () => {
      const before = await store.head();
      const streams = Array.from({ length: 8 }, newStream);
      const total = 64 * 5 * 2;
      const mine = (batches: readonly TailBatch[]) => eventsOf(batches).filter(({ stream }) => streams.includes(stream));
      const tails = [1, 2].map(() => tailUntil(store, before, (batches) => mine(batches).length >= total));
      const append = async (writer: number) => {
        const results: AppendResult[] = [];
        for (let n = 0; n < 5; n += 1)
          results.push(await store.append(streams[writer % 8] ?? '', [eventToAppend({ n }), eventToAppend({ n })], 'any'));
        return results;
      };
      const results = (await Promise.all(Array.from({ length: 64 }, (_, writer) => append(writer)))).flat();
      expect(results.every(({ ok }) => ok)).toBe(true);
      for (const batches of await Promise.all(tails)) {
        const seen = mine(batches);
        const positions = seen.map(({ position }) => position);
        expect(new Set(positions).size).toBe(total);
        expect(positions).toEqual(positions.toSorted());
        for (const stream of streams) {
          const own = seen.filter((event) => event.stream === stream);
          expect(own.map(({ revision }) => revision)).toEqual(own.map((_, index) => BigInt(index)));
          expect(own.every(({ data }, index) => index % 2 === 0 || data.n === own[index - 1]?.data.n)).toBe(true);
        }
      }
    });

    test('a position answered by an append is the one that reads, tails and the head give', async () => {
      const stream = newStream();
      const before = await store.head();
      const result = await store.append(stream, [eventToAppend(), eventToAppend()], 'noStream');
      const [last] = await collect(store.read(stream, { backwards: true, max: 1 }));
      expect(result).toMatchObject({ ok: true, position: last?.position });
      expect(last?.position).toMatch(/^\d{20}$/);
      expect((await store.head()) >= (last?.position ?? '')).toBe(true);
      expect(eventsOf(await tailUntil(store, before, (batches) => eventsOf(batches, stream).length === 2), stream).at(-1)?.position).toBe(
        last?.position,
      );
    });

    test('what was acknowledged is there after closing and opening again, under the same epoch', async ({ skip }) => {
      const own = await make();
      onTestFinished(own.dispose);
      if (!own.reopen) return skip('it keeps nothing beyond close');
      const stream = newStream();
      const events = [eventToAppend({ n: 1 }), eventToAppend({ n: 2 })];
      const result = await own.store.append(stream, events, 'noStream');
      const epoch = await own.store.epoch();
      const again = await own.reopen();
      expect(await again.epoch()).toBe(epoch);
      expect((await collect(again.read(stream))).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(await again.append(stream, events, 'noStream')).toEqual({ ...result, duplicate: true });
      expect(await again.append(stream, [eventToAppend()], 1n)).toMatchObject({ ok: true, revision: 2n });
    });

    test('after closing, a tail has ended and an append is refused', async () => {
      const own = await make();
      onTestFinished(own.dispose);
      const tail = tailUntil(own.store, START, () => false);
      await own.store.close();
      await tail;
      expect(await own.store.append(newStream(), [eventToAppend()], 'any')).toMatchObject({ ok: false, code: 'StoreUnavailable' });
    });
  });
}
