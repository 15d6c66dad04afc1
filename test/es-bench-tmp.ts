import { openEventStoreDb } from '/work/main/src/adapters/event-store/eventstoredb.ts';
import { START } from '/work/main/src/adapters/event-store/port.ts';
import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client';
const url = process.env.EVENTSTORE_URL!;
{ const client = EventStoreDBClient.connectionString(url); let c = 0; const t = performance.now(); const c0 = process.cpuUsage();
for await (const x of client.subscribeToAll({ filter: streamNameFilter({ regex: '^(?!\\$|annals_)' }) })) if (++c === 30000) break;
const u = process.cpuUsage(c0); console.log('bare sub events/s', Math.round(c / (performance.now() - t) * 1000), 'cpu us', (u.user+u.system)/c); await client.dispose(); }
const store = await openEventStoreDb({ url });
let c = 0; const t = performance.now(); const ac = new AbortController(); let sizes = 0; const c0 = process.cpuUsage();
for await (const b of store.tail(START, { signal: ac.signal })) { c += b.events.length; sizes++; if (b.caughtUp || c > 30000) ac.abort(); }
const u = process.cpuUsage(c0);
console.log('tail events/s', Math.round(c / (performance.now() - t) * 1000), c, 'per batch', Math.round(c / sizes),  'cpu us', (u.user+u.system)/c);
process.exit();
