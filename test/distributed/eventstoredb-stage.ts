import { onTestFinished } from 'vitest';
import { type EventStoreDbOptions, openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import type { AppendResult, EventStore, Position } from '../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { eventToAppend } from '../contract/event-store-samples.ts';
import { startEventStoreDoubleWith } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';

/** Soon enough for tests, and long enough for a busy machine. */
export const impatient = { appendTimeoutMs: 500, settleMs: 30_000, unreachableMs: 30_000, silenceMs: 500, readLimitMs: 30_000 } as const;

/** A double of this test's own, in a process that ends with the test. */
export async function startDouble(args: readonly string[] = []): Promise<TestServer> {
  const server = await startEventStoreDoubleWith(args);
  onTestFinished(() => server.close());
  return server;
}

/** A store that is closed when the test has ended. */
export async function openStore(url: string, options: Partial<EventStoreDbOptions> = impatient): Promise<EventStore> {
  const store = await openEventStoreDb({ url, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Collects what a tail brings, until the test has ended. */
export function collectTail(store: EventStore, after: Position) {
  const ending = new AbortController();
  const tailed = { events: [] as RecordedEvent[], seen: after, caughtUp: false };
  const run = async () => {
    for await (const { events, seen, caughtUp } of store.tail(after, { signal: ending.signal })) {
      tailed.events.push(...events);
      Object.assign(tailed, { seen, caughtUp });
    }
  };
  const running = run();
  onTestFinished(() => {
    ending.abort();
    return running;
  });
  return tailed;
}

/** Appends one event after the other to a stream of its own until told to stop; answers the ids that were acknowledged. */
export async function writeOn(store: EventStore, stream: string, signal: AbortSignal): Promise<string[]> {
  const acknowledged: string[] = [];
  while (!signal.aborted) {
    const event = eventToAppend({ n: acknowledged.length });
    const expected = acknowledged.length === 0 ? 'noStream' : BigInt(acknowledged.length - 1);
    let result: AppendResult;
    do result = await store.append(stream, [event], expected);
    while (!result.ok && (result.code === 'OutcomeUnknown' || result.code === 'StoreUnavailable'));
    if (!result.ok) throw new Error(`${stream} at ${expected}: ${result.code}`);
    acknowledged.push(event.id);
  }
  return acknowledged;
}
