import type { DocumentStore } from '../../adapters/document-store/port.ts';
import { type EventStore, type Position, START } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { openPlaces, type Place } from '../../workers/gateway/place.ts';
import { type Shard, wholeLog } from '../../workers/shard.ts';

interface Side {
  readonly store: EventStore;
  readonly state: DocumentStore;
  readonly shards: readonly Shard[];
}

/** Where in the log everybody is who goes through it once. */
export interface Places {
  /** By name: up to there the reaction has dealt with every event. */
  readonly reactions: ReadonlyMap<string, Position>;
  /** Up to there everything has been published. */
  readonly gateway: Place | undefined;
}

const GATEWAY = 'gateway@1';

/** Those that mean something in this log. */
export async function placesOf(side: Side): Promise<Places> {
  const [epoch, collections] = [await side.store.epoch(), await side.state.collections()];
  const gateway = collections.includes(GATEWAY) ? await (await openPlaces(side.state, wholeLog)).read() : undefined;
  return { reactions: await reactionsOf(side, epoch, collections), gateway: gateway?.epoch === epoch ? gateway : undefined };
}

/** A reaction that is shared has come as far as the last of its parts; one of which a part has no place begins anew, as it would at home. */
async function reactionsOf({ state, shards }: Side, epoch: string, collections: readonly string[]): Promise<Places['reactions']> {
  const names = new Set(collections.flatMap((collection) => namesIn(collection, shards)));
  const reactions = new Map<string, Position>();
  for (const name of names) {
    const parts = await Promise.all(shards.map((shard) => state.checkpoint(checkpointOf(name, shard))));
    const known = parts.filter((part) => part?.epoch === epoch).map((part) => part?.position ?? START);
    if (known.length === shards.length) reactions.set(name, known.toSorted()[0] ?? START);
  }
  return reactions;
}

/** To be told of every event with its likeness, in order: answers where the same events stand in the other log. */
export function createTranslation({ reactions, gateway }: Places) {
  const pending = [...new Set([...reactions.values(), ...(gateway ? [gateway.position] : [])])].toSorted();
  const translated = new Map<Position, Position>();
  let last: Position = START;
  const passed = (): void => {
    const place = pending.shift();
    if (place !== undefined) translated.set(place, last);
  };
  return {
    onPair(source: RecordedEvent, target: RecordedEvent): void {
      while (pending[0] !== undefined && pending[0] < source.position) passed();
      last = target.position;
    },
    /** For each place that of the last event at or before it; `START` when there is none. */
    result(): ReadonlyMap<Position, Position> {
      while (pending.length > 0) passed();
      return translated;
    },
  };
}

/** Every part of a reaction begins where the whole one stood. */
export async function putPlaces(
  { store, state, shards }: Side,
  { reactions, gateway }: Places,
  translated: ReadonlyMap<Position, Position>,
): Promise<void> {
  const epoch = await store.epoch();
  const put = async (collection: string, position: Position): Promise<void> => {
    await state.open(collection, []);
    await state.commit(collection, [], { position, epoch });
  };
  const known = [...reactions]
    .map(([name, place]) => ({ name, position: translated.get(place) ?? START }))
    .filter(({ position }) => position !== START);
  await Promise.all(known.flatMap(({ name, position }) => shards.map((shard) => put(checkpointOf(name, shard), position))));
  if (!gateway) return;
  const places = await openPlaces(state, wholeLog);
  await places.read();
  await places.save({ ...gateway, position: translated.get(gateway.position) ?? START, epoch });
}

/** As reactors name them. */
const PREFIX = 'reaction-';
const suffixOf = ({ name }: Shard): string => `${name}@1`;
const checkpointOf = (reaction: string, shard: Shard): string => `${PREFIX}${reaction}${suffixOf(shard)}`;

/** Whose place the collection is; nobody's where it is something else. */
const namesIn = (collection: string, shards: readonly Shard[]): string[] =>
  shards
    .map(suffixOf)
    .filter((suffix) => collection.startsWith(PREFIX) && collection.endsWith(suffix))
    .map((suffix) => collection.slice(PREFIX.length, -suffix.length));
