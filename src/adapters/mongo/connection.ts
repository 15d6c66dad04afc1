import type { Db, MongoClient } from 'mongodb';
import { StoreUnavailable, whyOut } from './outage.ts';

export interface MongoConnection {
  /** Writes of it resolve when a majority has them in its journal; reads see nothing that could be rolled back. */
  readonly db: Db;
  readonly changeStreams: boolean;
  readonly transactions: boolean;
  /** Runs `work`; an error that means the server is away for the moment comes out as `StoreUnavailable`, any other as it is. */
  reach<Result>(work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const DEFAULT_DATABASE = 'annals';
/** For one question and its answer, unless the address says `socketTimeoutMS`. The driver repeats an unanswered one once, so a call fails after at most the double of it. */
const PATIENCE_MS = 5_000;
/** The driver's own is 500: how soon it looks again for a server that was away. */
const LOOK_AGAIN_MS = 100;

/**
 * Opens `mongodb://…` or `mongodb+srv://…`; the database is the one in its path, else `annals`. Throws `StoreUnavailable` when nobody answers within 5 s,
 * and the driver's error for a wrong address or wrong credentials.
 */
export async function openMongo(url: string): Promise<MongoConnection> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, {
    appName: 'annals',
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    serverSelectionTimeoutMS: PATIENCE_MS,
    connectTimeoutMS: PATIENCE_MS,
    ...(/[?&]socketTimeoutMS=/i.test(url) ? {} : { socketTimeoutMS: PATIENCE_MS }),
    waitQueueTimeoutMS: PATIENCE_MS,
    minHeartbeatFrequencyMS: LOOK_AGAIN_MS,
  });
  const where = client.options.srvHost ?? client.options.hosts.join(', ');
  const reach = <Result>(work: () => Promise<Result>): Promise<Result> =>
    work().catch((error: unknown) => {
      const why = whyOut(error, where);
      throw why === undefined ? error : new StoreUnavailable(why, { cause: error });
    });
  try {
    return await reach(async () => {
      await client.connect();
      const db = client.db(databaseOf(url, client));
      return { db, ...(await abilities(db)), reach, close: () => client.close() };
    });
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The driver has a default of its own for an address without a path. */
const databaseOf = (url: string, { options }: MongoClient): string => (/^[^:]+:\/\/[^/?]+\/[^?]/.test(url) ? options.dbName : DEFAULT_DATABASE);

/** A server that only speaks the protocol may declare what it does not have, so a change stream is tried. */
async function abilities(db: Db): Promise<Pick<MongoConnection, 'changeStreams' | 'transactions'>> {
  const hello = await db.admin().command({ hello: 1 });
  const clustered = typeof hello.setName === 'string' || hello.msg === 'isdbgrid';
  return { changeStreams: clustered && (await hasChangeStreams(db)), transactions: clustered };
}

async function hasChangeStreams(db: Db): Promise<boolean> {
  const changes = db.watch([], { maxAwaitTimeMS: 1 });
  try {
    await changes.tryNext();
    return true;
  } catch (error) {
    if (whyOut(error, '') !== undefined) throw error;
    return false;
  } finally {
    await changes.close();
  }
}
