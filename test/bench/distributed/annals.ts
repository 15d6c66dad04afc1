import { z } from 'zod';
import { openEventStoreDb } from '../../../src/adapters/event-store/eventstoredb.ts';
import type { EventStore } from '../../../src/adapters/event-store/port.ts';
import type { MongoConnection } from '../../../src/adapters/mongo/connection.ts';
import { type Cluster, type Role, startCluster } from '../../harness/cluster.ts';
import { type Connection, requestBytes, success } from '../http-connection.ts';
import { type BenchServers, databaseOn, withDatabase } from './servers.ts';

/** Real processes that share servers, with what a measure needs to look at them. */
export interface Installed {
  readonly cluster: Cluster;
  /** Where requests go. */
  readonly url: string;
  readonly store: EventStore;
  readonly connection: MongoConnection;
}

export function withInstallation<Result>(
  { EVENTSTORE_URL, MONGODB_URL }: BenchServers<'EVENTSTORE_URL' | 'MONGODB_URL'>,
  roles: readonly Role[],
  work: (installed: Installed) => Promise<Result>,
): Promise<Result> {
  const mongoUrl = databaseOn(MONGODB_URL);
  return withDatabase(mongoUrl, async (connection) => {
    const store = await openEventStoreDb({ url: EVENTSTORE_URL.url });
    const cluster = await startCluster({ eventStoreUrl: EVENTSTORE_URL.url, mongoUrl }, roles);
    try {
      const url = cluster.nodes.find(({ role }) => role === 'api')?.url ?? '';
      return await work({ cluster, url, store, connection });
    } finally {
      await cluster.close();
      await store.close();
    }
  });
}

const Started = z.object({ conversationId: z.string() });

/** The address of a new conversation's messages; it has a title, so that no model is asked for one. */
export async function newConversation(connection: Connection, url: string): Promise<string> {
  const request = requestBytes('POST', `${url}/api/conversations`, { body: { title: 'Has one' } });
  const { conversationId } = Started.parse(JSON.parse((await success(connection, request)).body));
  return `${url}/api/conversations/${conversationId}/messages`;
}
