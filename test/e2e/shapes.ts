import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWith, ownDatabase } from '../distributed/servers.ts';
import { type Role, startCluster } from '../harness/cluster.ts';
import { startServerProcess } from '../harness/server-process.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';

/** A whole installation of real processes. */
export interface Installation {
  /** Of the first process that has an API; another one after a restart. */
  readonly url: string;
  /** Kills every process with SIGKILL and starts as many again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The suite, once for each shape that this run is about: by itself, or, on servers, in one process and in four. */
export function describeShapes(define: (installation: Pick<Installation, 'url' | 'restart'>) => void): void {
  if (process.env.ANNALS_TEST_DISK !== 'servers') describeShape('by itself', startAlone, define);
  else
    describeWith(['MONGODB_URL'], 'on EventStoreDB’s protocol and MongoDB’s', () => {
      describeShape('in one process', () => startOnServers(['all']), define);
      describeShape('in four processes', () => startOnServers(['api', 'api', 'workers', 'workers']), define);
    });
}

function describeShape(name: string, start: () => Promise<Installation>, define: Parameters<typeof describeShapes>[0]): void {
  describe(name, () => {
    let installation: Installation;
    beforeAll(async () => {
      installation = await start();
    });
    afterAll(() => installation?.close());
    define({
      get url() {
        return installation.url;
      },
      restart: () => installation.restart(),
    });
  });
}

async function startAlone(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-e2e-'));
  let server = await startServerProcess(folder);
  return {
    get url() {
      return server.url;
    },
    async restart() {
      await server.kill('SIGKILL');
      server = await startServerProcess(folder);
    },
    async close() {
      await server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startOnServers(roles: readonly Role[]): Promise<Installation> {
  const eventStore = await startEventStoreDouble();
  if ('unavailable' in eventStore) throw new Error(eventStore.unavailable);
  const cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl: ownDatabase() }, roles);
  const alive = (): typeof cluster.nodes => cluster.nodes.slice(-roles.length);
  const ready = async (): Promise<void> => {
    for (const { url } of alive()) await until(async () => (await fetch(`${url}/health/ready`)).ok);
  };
  await ready();
  return {
    get url() {
      return alive().find(({ role }) => role !== 'workers')?.url ?? '';
    },
    async restart() {
      await Promise.all(alive().map((node) => node.kill('SIGKILL')));
      await Promise.all(roles.map((role) => cluster.start(role)));
      await ready();
    },
    async close() {
      await cluster.close();
      await eventStore.close();
    },
  };
}
