import { openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import { type MongoConnection, openMongo } from '../../src/adapters/mongo/connection.ts';
import { call } from '../e2e/process/processes.ts';
import { type Cluster, type Node, type Role, startCluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import { ownDatabase } from './servers.ts';

/** An installation of several processes, with an event store and a database of its own, which can be looked into beside it. */
export interface Nodes {
  readonly cluster: Cluster;
  readonly connection: MongoConnection;
  readonly store: EventStore;
  /** The address of one of the api processes. */
  api(index?: number): string;
  /** The workers that still run. */
  workers(): Node[];
  /** Starts workers until there are two. */
  twoWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when each api process says that it is ready: whoever comes to a node before it has its views is told to wait. */
export async function startNodes(roles: readonly Role[], environment: Readonly<Record<string, string>> = {}): Promise<Nodes> {
  await using opened = new AsyncDisposableStack();
  const eventStore = await startEventStoreDouble();
  if ('unavailable' in eventStore) throw new Error(eventStore.unavailable);
  opened.defer(() => eventStore.close());
  const mongoUrl = ownDatabase();
  const connection = await openMongo(mongoUrl);
  opened.defer(() => connection.close());
  const store = await openEventStoreDb({ url: eventStore.url });
  opened.defer(() => store.close());
  const cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl }, roles, environment);
  opened.defer(() => cluster.close());
  const apis = (): Node[] => cluster.nodes.filter(({ role }) => role === 'api');
  for (const { url } of apis()) await until(async () => (await call(url, 'GET', '/health/ready')).status === 200);
  const workers = (): Node[] =>
    cluster.nodes.filter(({ role, process: { exitCode, signalCode } }) => role === 'workers' && (exitCode ?? signalCode) === null);
  const parts = opened.move();
  return {
    cluster,
    connection,
    store,
    api: (index = 0) => apis()[index]?.url ?? '',
    workers,
    async twoWorkers() {
      while (workers().length < 2) await cluster.start('workers');
    },
    close: () => parts.disposeAsync(),
  };
}
