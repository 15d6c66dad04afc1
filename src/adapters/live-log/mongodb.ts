import { randomBytes } from 'node:crypto';
import type { MongoConnection } from '../mongo/connection.ts';
import { createAppender } from './mongodb-append.ts';
import { entriesOf, nameOf, placeOf, toEntry } from './mongodb-entries.ts';
import { createWatch } from './mongodb-wake.ts';
import type { LiveEntry, LiveLog } from './port.ts';
import { createSubscribers } from './subscribers.ts';

/** Entries of a run of which nobody ever says that it has ended. */
const LAST_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * The live log over the collections `live-entries` and `live-expiries`. `append` resolves when a majority has the entry in its journal: a server that
 * loses what it acknowledged would leave a gap in the middle of an answer. Readers in this process are woken at once, those in others by a change
 * stream where the server has them and within 50 ms otherwise. Methods throw `StoreUnavailable` when the server is away; closing leaves the connection
 * open.
 */
export async function openMongoLiveLog(connection: MongoConnection): Promise<LiveLog> {
  const { db, reach, changeStreams } = connection;
  const entries = entriesOf(connection);
  const expiries = db.collection<{ readonly _id: string; readonly at: number }>('live-expiries');
  await reach(async () => {
    await entries.createIndex({ run: 1, place: 1 });
    await entries.createIndex({ expireAt: 1 }, { expireAfterSeconds: 0 });
    await expiries.createIndex({ at: 1 });
  });
  const me = randomBytes(9).toString('base64url');
  const subscribers = createSubscribers();
  const appender = createAppender(entries);
  const watch = createWatch({ entries, changeStreams, me, wake: subscribers.wakeAll });

  async function append({ run, sealed, ...at }: LiveEntry): Promise<void> {
    const place = placeOf(at);
    await reach(() => appender.append({ _id: nameOf(run, place), run, place, by: me, sealed, expireAt: new Date(Date.now() + LAST_MS) }));
    subscribers.wakeAll(run);
  }

  async function read(run: string, after?: Parameters<LiveLog['read']>[1]): Promise<LiveEntry[]> {
    const wanted = after ? { run, place: { $gt: placeOf(after) } } : { run };
    return (await entries.find(wanted).sort({ place: 1 }).toArray()).map(toEntry);
  }

  async function sweep(now: number): Promise<number> {
    let removed = 0;
    for await (const { _id: run } of expiries.find({ at: { $lte: now } })) {
      removed += (await entries.deleteMany({ run })).deletedCount;
      await expiries.deleteOne({ _id: run, at: { $lte: now } });
    }
    return removed;
  }

  function subscribe(run: string, wake: () => void): () => void {
    const unsubscribe = subscribers.subscribe(run, wake);
    const unwatch = watch.add(run);
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      unsubscribe();
      unwatch();
    };
  }

  return {
    append,
    read: (run, after) => reach(() => read(run, after)),
    subscribe,
    expire: async (run, at) => {
      await reach(() => expiries.updateOne({ _id: run }, { $set: { at } }, { upsert: true }));
    },
    sweep: (now) => reach(() => sweep(now)),
    close: async () => {
      watch.clear();
      subscribers.clear();
      await appender.settled();
    },
  };
}
