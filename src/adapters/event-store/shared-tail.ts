import type { RecordedEvent } from '../../domain/event.ts';
import { createWakeups, type Wakeups } from './follow-log.ts';
import type { EventStore, Position, TailBatch } from './port.ts';

export interface SharingTailOptions {
  /** How many of the latest events are held for followers that lag behind the shared tail. */
  readonly window?: number;
}

/** The end of the log as the shared tail has it: every event after `floor`, up to `seen`. */
interface Edge {
  floor: Position;
  seen: Position;
  caughtUp: boolean;
  events: readonly RecordedEvent[];
  followers: number;
  readonly wakeups: Wakeups;
  readonly stop: AbortController;
  /** Set when the shared tail has ended or failed. */
  over?: { readonly error?: unknown };
  /** Resolves, never rejects, when the shared tail has stopped. */
  stopped: Promise<void>;
}

/**
 * All who follow the live edge of the log share one tail of the store, and its event objects. A follower reads with a tail of its own until that one has
 * caught up, then goes on from the edge held in common; one that falls behind what is held reads by itself again. So none waits for another, and what is
 * held stays bounded however slow somebody is. The shared tail starts with the first follower that has caught up and stops with the last.
 */
export function sharingTail(store: EventStore, { window = 1000 }: SharingTailOptions = {}): EventStore {
  let current: Edge | undefined;

  const follow = async (edge: Edge): Promise<void> => {
    try {
      for await (const batch of store.tail(edge.seen, { signal: edge.stop.signal })) advance(edge, batch, window);
      edge.over = {};
    } catch (error) {
      edge.over = { error };
    }
    if (current === edge) current = undefined;
    edge.wakeups.wake();
  };

  const start = (place: Position): Edge => {
    const edge = edgeAt(place);
    current = edge;
    edge.stopped = follow(edge);
    return edge;
  };

  /** `undefined` when what is held begins later than this place. */
  const join = (place: Position): Edge | undefined => {
    const edge = current ?? start(place);
    if (edge.floor > place) return undefined;
    edge.followers += 1;
    return edge;
  };

  const leave = async (edge: Edge): Promise<void> => {
    edge.followers -= 1;
    if (edge.followers > 0) return;
    if (current === edge) current = undefined;
    edge.stop.abort();
    await edge.stopped;
  };

  /** For one that was told it has caught up there: goes on until the signal or until it has fallen behind, and answers where; nothing when the log ended. */
  async function* fromEdge(edge: Edge, after: Position, signal: AbortSignal): AsyncGenerator<TailBatch, Position | undefined> {
    let place = after;
    let told = true;
    try {
      while (!signal.aborted && edge.floor <= place) {
        const woken = edge.wakeups.seen();
        const { seen, caughtUp } = edge;
        if (seen > place || (seen === place && caughtUp && !told)) {
          const events = laterThan(place, edge.events);
          place = seen;
          told = caughtUp;
          yield { events, seen, caughtUp };
        } else if (!edge.over) await edge.wakeups.after(woken, signal);
        else if ('error' in edge.over) throw edge.over.error;
        else return undefined;
      }
    } finally {
      await leave(edge);
    }
    return place;
  }

  return {
    ...store,
    tail: async function* (after, { signal }) {
      let place: Position | undefined = after;
      while (place !== undefined && !signal.aborted) {
        let edge: Edge | undefined;
        for await (const batch of store.tail(place, { signal })) {
          place = batch.seen;
          yield batch;
          if (batch.caughtUp && !signal.aborted) edge = join(place);
          if (edge) break;
        }
        place = edge && (yield* fromEdge(edge, place, signal));
      }
    },
  };
}

const edgeAt = (place: Position): Edge => ({
  floor: place,
  seen: place,
  caughtUp: false,
  events: [],
  followers: 0,
  wakeups: createWakeups(60_000),
  stop: new AbortController(),
  stopped: Promise.resolve(),
});

function advance(edge: Edge, { events, seen, caughtUp }: TailBatch, window: number): void {
  const all = [...edge.events, ...events];
  const held = all.slice(-window);
  edge.floor = all.at(-held.length - 1)?.position ?? edge.floor;
  edge.events = held;
  edge.seen = seen;
  edge.caughtUp = caughtUp;
  edge.wakeups.wake();
}

const laterThan = (place: Position, events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  events.slice(events.findLastIndex(({ position }) => position <= place) + 1);
