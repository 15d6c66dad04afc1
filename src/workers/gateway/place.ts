import { z } from 'zod';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import { type EventStore, type Position, START } from '../../adapters/event-store/port.ts';
import { holdsLast } from '../../projections/checkpoint.ts';
import { type Shard, wholeLog } from '../shard.ts';

const Place = z.object({
  /** Everything up to here has been acknowledged by the broker. One that the store gave out. */
  position: z.string(),
  epoch: z.string(),
  /** The last event up to there, by which an older log that was put back is noticed. */
  last: z.object({ stream: z.string(), revision: z.string(), id: z.string() }).optional(),
  /** Grows by one whenever somebody sets the place by hand. */
  generation: z.number().int(),
});
export type Place = z.infer<typeof Place>;

/** How far one part of the log has been published. Not a checkpoint, because those never go back. */
export interface Places {
  /** What is stored: as of now, and what `save` builds on. */
  read(): Promise<Place | undefined>;
  /** Stores the place, unless somebody else stored another since it was last read here; answers what is stored then. */
  save(place: Place): Promise<Place | undefined>;
}

const ID = 'place';
const digits = (turn: bigint): string => String(turn).padStart(20, '0');

export async function openPlaces(state: DocumentStore, shard: Shard): Promise<Places> {
  const collection = `gateway${shard.name.replaceAll('.', '-')}@1`;
  await state.open(collection, []);
  let turn = 0n;
  const read = async (): Promise<Place | undefined> => {
    const stored = (await state.getMany(collection, [ID])).get(ID);
    turn = BigInt(stored?.position ?? 0);
    return stored && Place.parse(stored.doc);
  };
  return {
    read,
    async save({ last, ...place }) {
      const position = digits(turn + 1n);
      await state.commit(collection, [{ kind: 'put', id: ID, position, doc: { ...place, ...(last ? { last } : {}) } }], {
        position,
        epoch: 'gateway',
      });
      return read();
    },
  };
}

/** Where to go on: the stored place where it is one of this log, else the start. */
export async function placeIn(store: EventStore, places: Places): Promise<Place> {
  const stored = await places.read();
  const epoch = await store.epoch();
  const isOurs =
    stored?.epoch === epoch && (await holdsLast(store, { position: stored.position, epoch, ...(stored.last ? { last: stored.last } : {}) }));
  return stored && isOurs ? stored : { position: START, epoch, generation: stored?.generation ?? 0 };
}

export interface ResetParts {
  readonly store: EventStore;
  readonly state: DocumentStore;
  readonly shard?: Shard;
}

/**
 * Everything after this position of the log's present epoch is published again: by a gateway that runs, in whatever process, within seconds, else by the
 * next one. Readers drop the repeats by stream and revision. The position must be one that the store gave out.
 */
export async function resetGateway({ store, state, shard = wholeLog }: ResetParts, from: Position | 'start'): Promise<void> {
  const places = await openPlaces(state, shard);
  const epoch = await store.epoch();
  let stored = await places.read();
  for (;;) {
    const generation = (stored?.generation ?? 0) + 1;
    stored = await places.save({ position: from === 'start' ? START : from, epoch, generation });
    if (stored !== undefined && stored.generation >= generation) return;
  }
}
