import { parentPort, workerData } from 'node:worker_threads';
import { START } from '../../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../../src/adapters/event-store/sqlite.ts';

/** Asks for one event after the other, each once it has caught up, and tells at the end what it saw. */
const { folder, pollMs, until }: { folder: string; pollMs: number; until: number } = workerData;
const store = await openSqliteEventStore({ folder, readOnly: true, pollMs });
const ending = new AbortController();
const seen: unknown[] = [];
for await (const { events, caughtUp } of store.tail(START, { signal: ending.signal })) {
  seen.push(...events.map(({ data }) => data.n));
  if (seen.length >= until) ending.abort();
  else if (caughtUp) parentPort?.postMessage(seen.length);
}
await store.close();
parentPort?.postMessage(seen);
