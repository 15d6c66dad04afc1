import type { EventStore } from '../adapters/event-store/port.ts';
import type { RecordedEvent } from '../domain/event.ts';

/** Wakes whoever waits for new events of a stream in this process. */
export interface Hub {
  /** Calls back after each new event of the stream; returns the way to stop. */
  subscribe(stream: string, hear: (event: RecordedEvent) => void): () => void;
  /** Follows the log from now on until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export function createHub(store: EventStore): Hub {
  const listeners = new Map<string, Set<(event: RecordedEvent) => void>>();
  return {
    subscribe(stream, hear) {
      const hearing = listeners.get(stream) ?? new Set();
      listeners.set(stream, hearing.add(hear));
      return () => {
        hearing.delete(hear);
        if (hearing.size === 0 && listeners.get(stream) === hearing) listeners.delete(stream);
      };
    },
    async run(signal) {
      for await (const { events } of store.tail(await store.head(), { signal })) {
        for (const event of events) for (const hear of listeners.get(event.stream) ?? []) hear(event);
      }
    },
  };
}
