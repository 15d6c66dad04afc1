import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { START } from '../../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createTranslation, type Places, placesOf, putPlaces } from '../../../src/main/migrate/places.ts';
import { openPlaces } from '../../../src/workers/gateway/place.ts';
import { openReactionPlaces, saveReactionPlaces } from '../../../src/workers/reaction-places.ts';
import { type Shard, shardsOf, wholeLog } from '../../../src/workers/shard.ts';

const side = (shards: readonly Shard[]) => ({ store: createMemoryEventStore(), state: createMemoryDocumentStore(), shards });
const position = (place: number): string => String(place).padStart(20, '0');
const eventAt = (place: number): RecordedEvent => ({ id: randomUUID(), position: position(place) }) as RecordedEvent;

test('a place becomes that of the last event at or before it, whatever lies between', () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(gaps, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }), (steps, places) => {
      const sum = (upTo: number, side: 0 | 1): number => steps.slice(0, upTo + 1).reduce((total, step) => total + step[side], 0);
      const pairs = steps.map((_, index) => [sum(index, 0), sum(index, 1)] as const);
      const reactions = new Map(places.map((place, index) => [`reaction${index}`, position(place)]));
      const translation = createTranslation({ reactions, gateway: undefined });
      for (const [from, to] of pairs) translation.onPair(eventAt(from), eventAt(to));
      const result = translation.result();
      for (const place of places) expect(result.get(position(place))).toBe(position(pairs.findLast(([from]) => from <= place)?.[1] ?? 0));
    }),
  );
});

const asTheyAre = ({ reactions, gateway }: Places): ReadonlyMap<string, string> =>
  new Map([...reactions.values(), ...(gateway ? [gateway.position] : [])].map((place) => [place, place]));
const reactionsOf = async (at: ReturnType<typeof side>) => (await placesOf(at)).reactions;

test('every part of a shared reaction begins where the whole one stood, and a whole one where the last of the parts did', async () => {
  const servers = side(shardsOf(8));
  const reactions = new Map([
    ['title', position(7)],
    ['erase-file', position(3)],
  ]);
  const places = { reactions, gateway: undefined };
  await putPlaces(servers, places, asTheyAre(places));
  expect(await placesOf(servers)).toEqual(places);
  const folder = side([wholeLog]);
  await putPlaces(folder, await placesOf(servers), asTheyAre(places));
  expect(await placesOf(folder)).toEqual(places);
  const epoch = await servers.store.epoch();
  const titleAt = (shard: Shard, place: number) => saveReactionPlaces(servers.state, shard, epoch, new Map([['title', position(place)]]));
  for (const shard of servers.shards.slice(5, 6)) await titleAt(shard, 9);
  expect((await placesOf(servers)).reactions.get('title')).toBe(position(7));
  for (const shard of servers.shards) await titleAt(shard, 8);
  expect((await placesOf(servers)).reactions.get('title')).toBe(position(8));
});

test('a reaction of which a part has no place, or one of another life of the log, or before the first event, begins anew', async () => {
  const servers = side(shardsOf(2));
  const epoch = await servers.store.epoch();
  const [first, second] = servers.shards as readonly [Shard, Shard];
  const put = async (shard: Shard, at: string): Promise<void> => {
    await openReactionPlaces(servers.state, shard, at);
    await saveReactionPlaces(servers.state, shard, at, new Map([['title', position(5)]]));
  };
  await put(first, epoch);
  expect(await reactionsOf(servers)).toEqual(new Map());
  await put(second, 'another');
  expect(await reactionsOf(servers)).toEqual(new Map());
  await put(second, epoch);
  expect(await reactionsOf(servers)).toEqual(new Map([['title', position(5)]]));
  await putPlaces(servers, { reactions: new Map([['reply', position(1)]]), gateway: undefined }, new Map([[position(1), START]]));
  expect((await reactionsOf(servers)).has('reply')).toBe(false);
});

test('what has been published is not published again', async () => {
  const [folder, servers] = [side([wholeLog]), side(shardsOf(8))];
  const last = { stream: 'a-1', revision: '3', id: randomUUID() };
  const gateway = await openPlaces(folder.state, wholeLog);
  await gateway.read();
  await gateway.save({ position: position(4), epoch: await folder.store.epoch(), last, generation: 2 });
  const places = await placesOf(folder);
  for (let time = 0; time < 2; time++) await putPlaces(servers, places, new Map([[position(4), position(40)]]));
  const moved = await openPlaces(servers.state, wholeLog);
  expect(await moved.read()).toEqual({ position: position(40), epoch: await servers.store.epoch(), last, generation: 2 });
  await gateway.save({ position: position(4), epoch: 'another', last, generation: 2 });
  expect((await placesOf(folder)).gateway).toBeUndefined();
});
