import type { DocumentStore } from '../../adapters/document-store/port.ts';
import { type EventStore, type Position, START } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { openPlaces, type Place } from '../../workers/gateway/place.ts';
import { openReactionPlaces, type ReactionPlaces, readReactionPlaces, saveReactionPlaces } from '../../workers/reaction-places.ts';
import { type Shard, wholeLog } from '../../workers/shard.ts';

interface Side {
  readonly store: EventStore;
  readonly state: DocumentStore;
  readonly shards: readonly Shard[];
}

/** Where in the log everybody is who goes through it once. */
export interface Places {
  readonly reactions: ReactionPlaces;
  /** Up to there everything has been published. */
  readonly gateway: Place | undefined;
}

const GATEWAY = 'gateway@1';

/** Those that mean something in this log. */
export async function placesOf(side: Side): Promise<Places> {
  const [epoch, collections] = [await side.store.epoch(), await side.state.collections()];
  const gateway = collections.includes(GATEWAY) ? await (await openPlaces(side.state, wholeLog)).read() : undefined;
  return { reactions: await reactionsOf(side, epoch), gateway: gateway?.epoch === epoch ? gateway : undefined };
}

/** A reaction that is shared has come as far as the last of its parts; one of which a part has no place begins anew, as it would at home. */
async function reactionsOf({ state, shards }: Side, epoch: string): Promise<ReactionPlaces> {
  const parts = await Promise.all(shards.map((shard) => readReactionPlaces(state, shard, epoch)));
  const names = new Set(parts.flatMap((part) => [...part.keys()]));
  const reactions = new Map<string, Position>();
  for (const name of names) {
    const known = parts.flatMap((part) => part.get(name) ?? []);
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
  const known = [...reactions].map(([name, place]) => [name, translated.get(place) ?? START] as const).filter(([, place]) => place !== START);
  for (const shard of shards) {
    await openReactionPlaces(state, shard, epoch);
    await saveReactionPlaces(state, shard, epoch, new Map(known));
  }
  if (!gateway) return;
  const places = await openPlaces(state, wholeLog);
  await places.read();
  await places.save({ ...gateway, position: translated.get(gateway.position) ?? START, epoch });
}
