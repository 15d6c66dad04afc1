import type { DocumentStore } from '../../adapters/document-store/port.ts';
import { type EventStore, type Position, START } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { Shard } from '../../workers/shard.ts';

/** How far each reaction has come, by name: up to there it has dealt with every event. */
export type Places = ReadonlyMap<string, Position>;

/** A reaction that is shared has come as far as the last of its parts; one of which a part has no place begins anew, as it would at home. */
export async function placesOf({ store, state, shards }: { store: EventStore; state: DocumentStore; shards: readonly Shard[] }): Promise<Places> {
  const epoch = await store.epoch();
  const names = new Set((await state.collections()).flatMap((collection) => reactionsOf(collection, shards)));
  const places = new Map<string, Position>();
  for (const name of names) {
    const parts = await Promise.all(shards.map((shard) => state.checkpoint(checkpointOf(name, shard))));
    const known = parts.filter((part) => part?.epoch === epoch).map((part) => part?.position ?? START);
    if (known.length === shards.length)
      places.set(
        name,
        known.reduce((low, place) => (place < low ? place : low)),
      );
  }
  return places;
}

/** To be told of every event with its likeness, in order: answers where the same events stand in the other log. */
export function createTranslation(places: Places) {
  const pending = [...places].sort(([, one], [, two]) => (one < two ? -1 : 1));
  const translated = new Map<string, Position>();
  let last: Position = START;
  const passed = (): void => {
    const [name] = pending.shift() ?? [];
    if (name !== undefined && last !== START) translated.set(name, last);
  };
  return {
    onPair(source: RecordedEvent, target: RecordedEvent): void {
      while (pending[0] && pending[0][1] < source.position) passed();
      last = target.position;
    },
    result(): Places {
      while (pending.length > 0) passed();
      return translated;
    },
  };
}

/** Every part of a reaction begins where the whole one stood. */
export async function putPlaces(
  { store, state, shards }: { store: EventStore; state: DocumentStore; shards: readonly Shard[] },
  places: Places,
): Promise<void> {
  const epoch = await store.epoch();
  const put = async (collection: string, position: Position): Promise<void> => {
    await state.open(collection, []);
    await state.commit(collection, [], { position, epoch });
  };
  await Promise.all([...places].flatMap(([name, position]) => shards.map((shard) => put(checkpointOf(name, shard), position))));
}

/** As reactors name them. */
const PREFIX = 'reaction-';
const suffixOf = ({ name }: Shard): string => `${name}@1`;
const checkpointOf = (reaction: string, shard: Shard): string => `${PREFIX}${reaction}${suffixOf(shard)}`;

/** Whose place the collection is; nobody's where it is something else. */
const reactionsOf = (collection: string, shards: readonly Shard[]): string[] =>
  shards
    .map(suffixOf)
    .filter((suffix) => collection.startsWith(PREFIX) && collection.endsWith(suffix))
    .map((suffix) => collection.slice(PREFIX.length, -suffix.length));
