import type { EventStoreDBClient } from '@eventstore/db-client';
import { arrivals, type Source } from './arrivals.ts';
import { createBackoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import { adviceFor, EventStoreUnavailable, isPassing, Silence, spoilsClient, typeOf } from './failures.ts';
import type { Arrived } from './stored.ts';

export interface Reading {
  readonly connection: Connection;
  /** How long the server may let a reading wait before it is begun again on a new connection. */
  readonly quietMs: number;
  /** How long it may fail altogether before it is given up. */
  readonly limitMs: number;
  /** Ends everything. */
  readonly closing: AbortSignal;
}

/** What a reading has brought so far. */
export interface Progress {
  readonly count: number;
  readonly last: Arrived | undefined;
}

export type Opening = (client: EventStoreDBClient, progress: Progress) => Source<Arrived> | undefined;

/**
 * Reads on through broken connections: `open` continues after what has come, and answers `undefined` when that was all. Throws `EventStoreUnavailable` when
 * the server stays away, and what the server refuses for good.
 */
export async function* readSteadily(
  { connection, quietMs, limitMs, closing }: Reading,
  open: Opening,
  signal?: AbortSignal,
): AsyncGenerator<Arrived> {
  const stopping = signal ? AbortSignal.any([signal, closing]) : closing;
  const backoff = createBackoff();
  let [count, last]: [number, Arrived | undefined] = [0, undefined];
  let since = performance.now();
  const requireOpen = (): void => {
    signal?.throwIfAborted();
    if (closing.aborted) throw new EventStoreUnavailable('The event store has been closed.');
  };
  for (;;) {
    requireOpen();
    const client = connection.client();
    try {
      const source = open(client, { count, last });
      if (!source) return;
      for await (const items of arrivals(source, { quietMs, signal: stopping })) {
        if (items.length === 0) throw new Silence(`nothing came for ${quietMs} ms`);
        for (const item of items) {
          count += 1;
          last = item;
          yield item;
        }
        since = performance.now();
        backoff.reset();
      }
      requireOpen();
      // A client that was replaced ends its readings as if they were complete.
      if (client === connection.client()) return;
    } catch (error) {
      requireOpen();
      if (typeOf(error) === 'access-denied') throw new EventStoreUnavailable(adviceFor(error), { cause: error });
      if (!isPassing(error)) throw error;
      if (performance.now() - since > limitMs) throw new EventStoreUnavailable(adviceFor(error), { cause: error });
      if (spoilsClient(error)) connection.renew(client);
      await backoff.pause(stopping);
    }
  }
}
