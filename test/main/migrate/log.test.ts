import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import type { EventStore, EventToAppend } from '../../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { PersonId } from '../../../src/domain/ids.ts';
import { compareLogs } from '../../../src/main/migrate/compare-logs.ts';
import { appendsOf, copiedSoFar, copyLog, eventsOf, leaf } from '../../../src/main/migrate/log.ts';

const metadata = {
  $correlationId: 'c',
  $causationId: 'c',
  commandId: 'c',
  commandHash: '',
  actor: 'a',
  subject: 'person_a' as PersonId,
  time: '2026-01-01T00:00:00.000Z',
};
const word = (text: string): EventToAppend => ({ id: randomUUID(), type: 'Word', version: 1, data: { text }, metadata });

/** Appends as commands make them: some events of one stream each. */
const histories = fc.array(fc.record({ stream: fc.constantFrom('a-1', 'a-2', 'b-1'), events: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 20,
});
type History = readonly { readonly stream: string; readonly events: number }[];

async function logOf(history: History): Promise<EventStore> {
  const store = createMemoryEventStore();
  for (const { stream, events } of history)
    await store.append(
      stream,
      Array.from({ length: events }, (_, index) => word(`${stream} ${index}`)),
      'any',
    );
  return store;
}

async function all(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}
const leaves = async (store: EventStore): Promise<string[]> => (await all(eventsOf(store))).map((event) => leaf(event).toString('hex'));
const ignore = (): void => undefined;
const migrate = async (source: EventStore, target: EventStore, window = 1): Promise<void> =>
  copyLog({ source, target, window }, await copiedSoFar(source, target, ignore), ignore);

/** Dies at that append: before it is stored, or after it, when nobody hears of it. */
function dyingAt(store: EventStore, append: number, stored: boolean): EventStore {
  let count = 0;
  return {
    ...store,
    append: async (...request) => {
      count += 1;
      if (count === append && stored) await store.append(...request);
      if (count >= append) throw new Error('died');
      return store.append(...request);
    },
  };
}

test('a copy that dies again and again, at any append, before or after it is stored, ends as the same log in the same order', async () => {
  const deaths = fc.array(fc.record({ at: fc.integer({ min: 1, max: 10 }), stored: fc.boolean() }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(histories, deaths, fc.constantFrom(1, 8), async (history, dying, window) => {
      const [source, target] = [await logOf(history), createMemoryEventStore()];
      for (const { at, stored } of dying) await migrate(source, dyingAt(target, at, stored), window).catch(ignore);
      await migrate(source, target, window);
      expect(await leaves(target)).toEqual(await leaves(source));
      expect((await compareLogs(source, target, { onPair: ignore, onProgress: ignore })).differences).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('what the source has got since a copy follows it; a target that has got anything else is refused and left as it is', async () => {
  await fc.assert(
    fc.asyncProperty(histories, histories, async (history, more) => {
      const [source, target] = [await logOf(history), createMemoryEventStore()];
      await migrate(source, target);
      for (const { stream } of more) await source.append(stream, [word('later')], 'any');
      await migrate(source, target);
      const copied = await leaves(target);
      expect(copied).toEqual(await leaves(source));
      await expect(copiedSoFar(await logOf(history), target, ignore)).rejects.toThrow(/another log/);
      await target.append('a-1', [word('of its own')], 'any');
      await expect(copiedSoFar(source, target, ignore)).rejects.toThrow(/more than the source/);
      expect((await leaves(target)).slice(0, -1)).toEqual(copied);
    }),
    { numRuns: 30 },
  );
});

test('appends hold neighbours of one stream, all in order, and no large ones together', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const source = await logOf(history);
      const groups: RecordedEvent[][] = [];
      for await (const group of appendsOf(eventsOf(source))) groups.push(group);
      expect(groups.flat().map(({ position }) => position)).toEqual((await all(eventsOf(source))).map(({ position }) => position));
      for (const group of groups) expect(new Set(group.map(({ stream }) => stream)).size).toBe(1);
      for (const [index, group] of groups.entries()) expect(group[0]?.stream).not.toBe(groups[index + 1]?.[0]?.stream);
    }),
  );
  const source = createMemoryEventStore();
  for (let count = 0; count < 3; count++) await source.append('a-1', [word('x'.repeat(200_000))], 'any');
  await source.append(
    'a-1',
    Array.from({ length: 250 }, () => word('y')),
    'any',
  );
  const groups: number[] = [];
  for await (const group of appendsOf(eventsOf(source))) groups.push(group.length);
  expect(groups).toEqual([1, 1, 100, 100, 51]);
});

test.each<[string, (events: RecordedEvent[]) => RecordedEvent[]]>([
  ['is changed in the data', (events) => events.map((event, index) => (index === 3 ? { ...event, data: { text: 'forged' } } : event))],
  [
    'is changed in the metadata',
    (events) => events.map((event, index) => (index === 3 ? { ...event, metadata: { ...metadata, actor: 'b' } } : event)),
  ],
  ['has another version', (events) => events.map((event, index) => (index === 3 ? { ...event, version: 2 } : event))],
  ['has another id', (events) => events.map((event, index) => (index === 3 ? { ...event, id: randomUUID() } : event))],
  ['stands elsewhere in the order', (events) => [...events.slice(0, 2), ...events.slice(3, 5), ...events.slice(2, 3), ...events.slice(5)]],
  ['is missing at the end', (events) => events.slice(0, -1)],
  ['is missing in between', (events) => events.filter((_, index) => index !== 2)],
  ['is there beside them', (events) => [...events, { ...(events[0] as RecordedEvent), ...word('one more'), stream: 'c-1' }]],
])('a comparison shows when one event %s', async (_what, change) => {
  const source = await logOf([
    { stream: 'a-1', events: 3 },
    { stream: 'b-1', events: 3 },
    { stream: 'a-2', events: 2 },
  ]);
  const other = createMemoryEventStore();
  for (const { stream, ...event } of change(await all(eventsOf(source)))) await other.append(stream, [event], 'any');
  expect((await compareLogs(source, other, { onPair: ignore, onProgress: ignore })).differences).not.toEqual([]);
});
