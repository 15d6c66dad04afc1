import type { Leaves } from '../evidence/port.ts';
import { leafOf, storedEvent } from './leaf.ts';
import { type EventStore, type Position, START, type TailBatch } from './port.ts';

/** The leaves of any log, computed from its events. It must not upcast them. Finding an event reads everything before it. */
export function leavesOfStore(store: EventStore): Leaves {
  return {
    async *after(position, signal) {
      for await (const { events, seen } of storedByNow(store, position, signal)) {
        yield { leaves: events.map((event) => leafOf(storedEvent(event))), seen };
      }
    },
    async find(stream, revision) {
      let before = 0;
      for await (const { events } of storedByNow(store, START)) {
        const at = events.findIndex((event) => event.stream === stream && event.revision === BigInt(revision));
        const event = events[at];
        if (event) return { index: before + at, event: storedEvent(event) };
        before += events.length;
      }
      return undefined;
    },
  };
}

async function* storedByNow(store: EventStore, after: Position, signal?: AbortSignal): AsyncGenerator<TailBatch> {
  if ((await store.head()) <= after) return;
  const stop = new AbortController();
  try {
    for await (const batch of store.tail(after, { signal: signal ? AbortSignal.any([stop.signal, signal]) : stop.signal })) {
      yield batch;
      if (batch.caughtUp) return;
    }
  } finally {
    stop.abort();
  }
}
