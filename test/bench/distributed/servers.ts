import { randomUUID } from 'node:crypto';
import { type MongoConnection, openMongo } from '../../../src/adapters/mongo/connection.ts';
import { startEventStoreDouble } from '../../servers/eventstoredb/index.ts';
import { startKafkaServer } from '../../servers/kafka/index.ts';
import { startMongoServer } from '../../servers/mongodb/index.ts';
import type { StartTestServer, TestServer } from '../../servers/test-server.ts';

const starters = { EVENTSTORE_URL: startEventStoreDouble, MONGODB_URL: startMongoServer, KAFKA_BROKERS: startKafkaServer } as const satisfies Record<
  string,
  StartTestServer
>;
export type ServerVariable = keyof typeof starters;

/** What a measure runs on, and what that really is. */
export type BenchServer = Pick<TestServer, 'url' | 'what'>;
export type BenchServers<Name extends ServerVariable> = Readonly<Record<Name, BenchServer>>;

/** The work on the servers that the environment names; the others are started for it and ended after it. Rejects when one cannot be started here. */
export async function withServers<Name extends ServerVariable, Result>(
  names: readonly Name[],
  work: (servers: BenchServers<Name>) => Promise<Result>,
): Promise<Result> {
  await using started = new AsyncDisposableStack();
  const servers: Partial<Record<Name, BenchServer>> = {};
  for (const name of names) servers[name] = await provided(name, started);
  return await work(servers as BenchServers<Name>);
}

async function provided(name: ServerVariable, started: AsyncDisposableStack): Promise<BenchServer> {
  const given = process.env[name];
  if (given) return { url: given, what: `the server of \`${name}\`` };
  const server = await starters[name]();
  if ('unavailable' in server) throw new Error(`${name} names no server, and none can be started here: ${server.unavailable}`);
  started.defer(() => server.close());
  return server;
}

/** A database of its own on that server, as a URL; a request of a thousand documents may take as long as a slow server needs. */
export function databaseOn({ url }: BenchServer): string {
  const own = new URL(url);
  own.pathname = `/annals_bench_${randomUUID().slice(0, 8)}`;
  own.searchParams.set('socketTimeoutMS', '60000');
  return own.toString();
}

/** The work with a connection to a database, which is dropped afterwards. */
export async function withDatabase<Result>(url: string, work: (connection: MongoConnection) => Promise<Result>): Promise<Result> {
  const connection = await openMongo(url);
  try {
    return await work(connection);
  } finally {
    await connection.db.dropDatabase();
    await connection.close();
  }
}
