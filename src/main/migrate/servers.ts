import { createSecretKey } from 'node:crypto';
import { blobsInMongo } from '../../adapters/blobs/contents.ts';
import { openMongoBlobs } from '../../adapters/blobs/mongodb.ts';
import { openMongoDocumentStore } from '../../adapters/document-store/mongodb.ts';
import { openEventStoreDb } from '../../adapters/event-store/eventstoredb.ts';
import { installationSecret, putInstallationSecret } from '../../adapters/key-vault/installation-secret-mongodb.ts';
import { rewrapped } from '../../adapters/key-vault/vault-content.ts';
import { readMongoVault, writeMongoVault } from '../../adapters/key-vault/vault-content-mongodb.ts';
import { createMongoLeases } from '../../adapters/leases/mongodb.ts';
import { type MongoConnection, openMongo } from '../../adapters/mongo/connection.ts';
import { shardsOf } from '../../workers/shard.ts';
import { StartRefused } from '../refused.ts';
import { livingProcesses } from './living.ts';
import type { Source, Target } from './sides.ts';
import { say } from './steps.ts';
import { noteUnfinished } from './unfinished.ts';

export interface Servers {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
}

/** As `createSharedDuties` has them. */
const shards = shardsOf(8);
/** The server promises no order among appends that are under way at once. */
const WINDOW = 1;

/** The servers of an installation of which no process runs. */
export async function openServersSource(servers: Servers, masterKey: Buffer): Promise<Source> {
  await using opened = new AsyncDisposableStack();
  const { connection, ...parts } = await openParts(servers, opened);
  const vault = await readMongoVault(connection, createSecretKey(masterKey));
  if (!vault) throw new StartRefused(`There is no installation in ${parts.name}: nothing to move.`);
  const secret = await installationSecret({ connection, masterKey });
  const stack = opened.move();
  return { ...parts, vault, secret, close: () => stack.disposeAsync() };
}

/** Servers that hold nothing yet, or a part of the same log. */
export async function openServersTarget(servers: Servers, masterKey: Buffer): Promise<Target> {
  await using opened = new AsyncDisposableStack();
  const { connection, ...parts } = await openParts(servers, opened);
  const blobs = await openMongoBlobs(connection);
  const stack = opened.move();
  const master = createSecretKey(masterKey);
  const close = (): Promise<void> => stack.disposeAsync();
  return {
    ...parts,
    window: WINDOW,
    blobs,
    putSecret: (secret) => putInstallationSecret({ connection, masterKey }, secret),
    begin: () => noteUnfinished(connection, true),
    writeVault: (content) => writeMongoVault(connection, rewrapped(content, master), master),
    readVault: async () => (await readMongoVault(connection, master)) ?? { keys: [], destroyed: [], master },
    finish: async () => {
      await noteUnfinished(connection, false);
      await close();
    },
    close,
  };
}

async function openParts({ eventStoreUrl, mongoUrl }: Servers, opened: AsyncDisposableStack) {
  const connection = await openMongo(mongoUrl);
  opened.defer(() => connection.close());
  await requireAlone(connection);
  const store = await openEventStoreDb({ url: eventStoreUrl });
  opened.defer(() => store.close());
  const state = await openMongoDocumentStore({ connection, prefix: 'state.' });
  const views = await openMongoDocumentStore({ connection, prefix: 'view.' });
  return { name: withoutSecrets(eventStoreUrl), connection, store, state, views, shards, contents: () => blobsInMongo(connection) };
}

async function requireAlone(connection: MongoConnection): Promise<void> {
  const living = await livingProcesses(createMongoLeases(connection), () => say('looking whether the processes that have worked there still run'));
  if (living.length > 0)
    throw new StartRefused(`Processes of Annals use these servers (${living.join(', ')}): stop them all first. Nothing was changed.`);
}

const withoutSecrets = (url: string): string => url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '');
