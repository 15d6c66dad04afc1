import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export type Role = 'all' | 'api' | 'workers';

export interface Node extends ServerProcess {
  readonly role: Role;
}

/** Processes that share servers, as one installation. */
export interface Cluster {
  /** What each of its processes is started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nodes: readonly Node[];
  /** Starts one more. */
  start(role: Role, environment?: Readonly<Record<string, string>>): Promise<Node>;
  /** Kills what still runs. */
  close(): Promise<void>;
}

export interface Servers {
  readonly eventStoreUrl: string;
  /** With a database in its path that is this installation's own. */
  readonly mongoUrl: string;
}

export async function startCluster(
  { eventStoreUrl, mongoUrl }: Servers,
  roles: readonly Role[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-cluster-'));
  const nodes: Node[] = [];
  const settings = {
    EVENTSTORE_URL: eventStoreUrl,
    MONGODB_URL: mongoUrl,
    RINI_API_MASTER_KEY: randomBytes(32).toString('base64'),
    ANNALS_JWT_SECRET: randomBytes(32).toString('hex'),
    ...environment,
  };
  const cluster: Cluster = {
    environment: settings,
    nodes,
    async start(role, more = {}) {
      const node = { ...(await startServerProcess(mkdtempSync(join(folder, `${role}-`)), { ...settings, ANNALS_ROLE: role, ...more })), role };
      nodes.push(node);
      return node;
    },
    async close() {
      await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all(roles.map((role) => cluster.start(role)));
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
