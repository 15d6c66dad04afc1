import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createTranslation, placesOf, putPlaces } from '../../../src/main/migrate/places.ts';
import { type Shard, shardsOf, wholeLog } from '../../../src/workers/shard.ts';

const side = (shards: readonly Shard[]) => ({ store: createMemoryEventStore(), state: createMemoryDocumentStore(), shards });
const position = (place: number): string => String(place).padStart(20, '0');
const eventAt = (place: number): RecordedEvent => ({ id: randomUUID(), position: position(place) }) as RecordedEvent;

test('a place becomes that of the last event at or before it, whatever lies between', () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(gaps, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }), (steps, places) => {
      let [one, other] = [0, 0];
      const pairs = steps.map(([more, moreThere]) => [(one += more), (other += moreThere)] as const);
      const translation = createTranslation(new Map(places.map((place, index) => [`reaction${index}`, position(place)])));
      for (const [from, to] of pairs) translation.onPair(eventAt(from), eventAt(to));
      const result = translation.result();
      for (const [index, place] of places.entries()) {
        const last = pairs.findLast(([from]) => from <= place);
        expect(result.get(`reaction${index}`)).toBe(last && position(last[1]));
      }
    }),
  );
});

test('every part of a shared reaction begins where the whole one stood, and a whole one where the last of the parts did', async () => {
  const servers = side(shardsOf(8));
  const places = new Map([
    ['title', position(7)],
    ['erase-file', position(3)],
  ]);
  await putPlaces(servers, places);
  expect(await placesOf(servers)).toEqual(places);
  const folder = side([wholeLog]);
  await putPlaces(folder, await placesOf(servers));
  expect(await placesOf(folder)).toEqual(places);
  const epoch = await servers.store.epoch();
  await servers.state.commit(`reaction-title${servers.shards[5]?.name}@1`, [], { position: position(9), epoch });
  expect((await placesOf(servers)).get('title')).toBe(position(7));
  for (const { name } of servers.shards) await servers.state.commit(`reaction-title${name}@1`, [], { position: position(8), epoch });
  expect((await placesOf(servers)).get('title')).toBe(position(8));
});

test('a reaction of which a part has no place, or one of another life of the log, begins anew', async () => {
  const servers = side(shardsOf(2));
  const epoch = await servers.store.epoch();
  const [first, second] = servers.shards.map(({ name }) => `reaction-title${name}@1`) as [string, string];
  await servers.state.open(first, []);
  await servers.state.commit(first, [], { position: position(5), epoch });
  expect(await placesOf(servers)).toEqual(new Map());
  await servers.state.open(second, []);
  await servers.state.commit(second, [], { position: position(5), epoch: 'another' });
  await servers.state.open('reactions@1', []);
  expect(await placesOf(servers)).toEqual(new Map());
});
