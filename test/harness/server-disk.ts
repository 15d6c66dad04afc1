import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach } from 'vitest';
import { openMongoBlobs } from '../../src/adapters/blobs/mongodb.ts';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import { openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import { sharingTail } from '../../src/adapters/event-store/shared-tail.ts';
import { openMongoKeyVault } from '../../src/adapters/key-vault/mongodb.ts';
import { openMongoLiveLog } from '../../src/adapters/live-log/mongodb.ts';
import { openMongo } from '../../src/adapters/mongo/connection.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { Disk } from './memory-annals.ts';

const closing: (() => Promise<unknown>)[] = [];
/** Closes those opened so far, which are closed after the test in any case. */
export async function closeServerDisks(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}
afterEach(closeServerDisks);

/** The next disk's event store starts while the one before is in use. */
let spare: ReturnType<typeof startEventStoreDouble> | undefined;
afterAll(async () => {
  const server = await spare;
  if (server && 'close' in server) await server.close();
});

/** An event store of its own and a database of its own, gone after the test. */
export async function serverDisk(): Promise<Disk> {
  const server = await (spare ?? startEventStoreDouble());
  spare = startEventStoreDouble();
  if ('unavailable' in server) throw new Error(server.unavailable);
  closing.push(() => server.close());
  const url = new URL(process.env.MONGODB_URL ?? '');
  url.pathname = `/annals_${randomUUID().slice(0, 8)}`;
  url.searchParams.set('socketTimeoutMS', '60000');
  const connection = await openMongo(url.href);
  closing.push(() => connection.close());
  closing.push(() => connection.db.dropDatabase());
  const store = await openEventStoreDb({ url: server.url });
  closing.push(() => store.close());
  const liveLog = await openMongoLiveLog(connection);
  closing.push(() => liveLog.close());
  const vault = await openMongoKeyVault({ connection, masterKey: randomBytes(32) });
  closing.push(() => vault.close());
  return {
    store: sharingTail(store),
    documents: await openMongoDocumentStore({ connection, prefix: 'view.' }),
    state: await openMongoDocumentStore({ connection, prefix: 'state.' }),
    vault,
    blobs: await openMongoBlobs(connection),
    liveLog,
    secret: randomBytes(32),
  };
}
