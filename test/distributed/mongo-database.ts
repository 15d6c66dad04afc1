import { randomUUID } from 'node:crypto';
import { type MongoConnection, openMongo } from '../../src/adapters/mongo/connection.ts';
import { mongodbUrl } from './servers.ts';

export interface TestDatabase {
  /** As a process of its own would open it. */
  connect(): Promise<MongoConnection>;
  /** The same over another way to the server, a proxy say. */
  connectThrough(host: string): Promise<MongoConnection>;
  /** Closes the connections and drops the database. */
  remove(): Promise<void>;
}

/** The server in place of MongoDB may need that long to drop what a test made. */
const PATIENCE_MS = '60000';

/** A database of its own on the server that the tests were given. */
export function newTestDatabase(): TestDatabase {
  const opened: MongoConnection[] = [];
  const url = new URL(mongodbUrl());
  url.pathname = `/annals_test_${randomUUID().replaceAll('-', '')}`;
  const patiently = new URL(url);
  patiently.searchParams.set('socketTimeoutMS', PATIENCE_MS);

  async function connectTo(address: string): Promise<MongoConnection> {
    const connection = await openMongo(address);
    opened.push(connection);
    return connection;
  }

  return {
    connect: () => connectTo(patiently.href),
    connectThrough: (host) => {
      const other = new URL(url);
      other.host = host;
      other.searchParams.set('directConnection', 'true');
      return connectTo(other.href);
    },
    remove: async () => {
      await (await connectTo(patiently.href)).db.dropDatabase();
      await Promise.all(opened.map((connection) => connection.close()));
    },
  };
}
