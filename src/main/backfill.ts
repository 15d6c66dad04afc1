import { openMongoDocumentStore } from '../adapters/document-store/mongodb.ts';
import { openEventStoreDb } from '../adapters/event-store/eventstoredb.ts';
import { START } from '../adapters/event-store/port.ts';
import { openMongo } from '../adapters/mongo/connection.ts';
import type { Settings } from '../settings.ts';
import { resetGateway } from '../workers/gateway/place.ts';
import { fail } from './fail.ts';

/** Publishes to Kafka again from a position on (`<epoch>.<position>`, as the server gives it, or `start`); a running gateway notices within a second. */
export async function backfill({ EVENTSTORE_URL: url, MONGODB_URL: mongoUrl }: Settings, from: string): Promise<void> {
  if (url === undefined || mongoUrl === undefined)
    return fail('Only an installation on servers can publish again: set EVENTSTORE_URL and MONGODB_URL.');
  await using opened = new AsyncDisposableStack();
  const store = await openEventStoreDb({ url });
  opened.defer(() => store.close());
  const connection = await openMongo(mongoUrl);
  opened.defer(() => connection.close());
  const [epoch, position] = from === 'start' ? [await store.epoch(), 'start' as const] : from.split('.');
  if (epoch !== (await store.epoch()) || position === undefined || !(position === 'start' || (/^\d{20}$/.test(position) && position >= START)))
    return fail('Name the place as the server gives it, <epoch>.<position>, for example from the feed /api/events, or say start.');
  await resetGateway({ store, state: await openMongoDocumentStore({ connection, prefix: 'state.' }) }, position);
  process.stdout.write(`Kafka gets everything after ${from} again; readers drop by stream and revision what they have.\n`);
}
