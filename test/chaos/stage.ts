import { randomUUID } from 'node:crypto';
import { type Cluster, type Node, startCluster } from '../harness/cluster.ts';
import { type FaultProxy, startFaultProxy } from '../harness/fault-proxy.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import { startKafkaServer } from '../servers/kafka/index.ts';
import { startMongoServer } from '../servers/mongodb/index.ts';
import type { StartTestServer, TestServer } from '../servers/test-server.ts';

/** How long the processes let answers under way come to their end when they are told to stop. */
export const DRAIN_MS = 5000;
const NODES_OF_A_ROLE = 2;

/** A server, and what stands between it and the installation. */
export interface Reached {
  readonly server: TestServer;
  readonly proxy: FaultProxy;
}

export interface Team {
  readonly role: 'api' | 'workers';
  /** Those that are meant to run now; one that is replaced keeps its place. */
  readonly nodes: Node[];
  /** Puts a new process in that place. */
  start(place: number): Promise<void>;
}

/** One installation of four processes on servers of its own. */
export interface Stage {
  readonly eventStore: Reached;
  readonly mongo: Reached;
  readonly kafka: TestServer;
  readonly apis: Team;
  readonly workers: Team;
  readonly cluster: Cluster;
  /** Where the servers are when nothing stands in between. */
  readonly direct: { readonly eventStoreUrl: string; readonly mongoUrl: string; readonly brokers: readonly string[] };
  close(): Promise<void>;
}

/** Rejects when a server cannot be started here; leaves nothing behind then. */
export async function startStage(): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const started = async (start: StartTestServer): Promise<TestServer> => {
    const server = await start();
    if ('unavailable' in server) throw new Error(server.unavailable);
    opened.defer(() => server.close());
    return server;
  };
  const reached = async (start: StartTestServer): Promise<Reached> => {
    const server = await started(start);
    const { hostname: host, port } = new URL(server.url);
    const proxy = await startFaultProxy({ host, port: Number(port) });
    opened.defer(() => proxy.close());
    return { server, proxy };
  };
  const eventStore = await reached(startEventStoreDouble);
  const mongo = await reached(startMongoServer);
  const kafka = await started(startKafkaServer);
  const database = `annals_${randomUUID().slice(0, 8)}`;
  const mongoAt = (address: string): string => `mongodb://${address}/${database}?directConnection=true`;
  const cluster = await startCluster({ eventStoreUrl: `esdb://${eventStore.proxy.address}?tls=false`, mongoUrl: mongoAt(mongo.proxy.address) }, [], {
    KAFKA_BROKERS: kafka.url,
    ANNALS_DRAIN: String(DRAIN_MS),
  });
  opened.defer(() => cluster.close());
  const [apis, workers] = [await teamOf(cluster, 'api'), await teamOf(cluster, 'workers')];
  const parts = opened.move();
  const direct = { eventStoreUrl: eventStore.server.url, mongoUrl: mongoAt(new URL(mongo.server.url).host), brokers: [kafka.url] };
  return { eventStore, mongo, kafka, apis, workers, cluster, direct, close: () => parts.disposeAsync() };
}

async function teamOf(cluster: Cluster, role: Team['role']): Promise<Team> {
  const nodes: Node[] = [];
  const start = async (place: number): Promise<void> => {
    nodes[place] = await cluster.start(role);
  };
  for (let place = 0; place < NODES_OF_A_ROLE; place++) await start(place);
  return { role, nodes, start };
}
