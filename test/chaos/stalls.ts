import { setTimeout as sleep } from 'node:timers/promises';
import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';

const EVERY_MS = 250;
/** Whoever does not answer within this has no answer. */
const GIVEN_UP_MS = 40_000;

export interface Stalls {
  /** By name: the longest that each server itself, with nothing in between, needed for one small request, in ms. */
  end(): Promise<Readonly<Record<string, number>>>;
}

/** Asks the servers themselves, again and again, so that their own stalls are told apart from ours. */
export function watchServers({ eventStoreUrl, mongoUrl }: { readonly eventStoreUrl: string; readonly mongoUrl: string }): Stalls {
  const over = new AbortController();
  const events = EventStoreDBClient.connectionString(eventStoreUrl);
  const mongo = new MongoClient(mongoUrl, { writeConcern: { w: 'majority', journal: true }, socketTimeoutMS: GIVEN_UP_MS });
  const longest = { 'the event store': 0, MongoDB: 0 };
  const asked = new Map<keyof typeof longest, number>();
  const note = (name: keyof typeof longest): void => {
    longest[name] = Math.max(longest[name], Math.round(performance.now() - (asked.get(name) ?? performance.now())));
  };
  const watch = async (name: keyof typeof longest, ask: () => Promise<unknown>): Promise<void> => {
    while (!over.signal.aborted) {
      asked.set(name, performance.now());
      await ask().catch(() => undefined);
      note(name);
      asked.delete(name);
      await sleep(EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const readLast = async (): Promise<void> => {
    for await (const _ of events.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
  };
  const write = () =>
    mongo
      .db()
      .collection<{ _id: string; at: number }>('chaos')
      .updateOne({ _id: 'chaos' }, { $set: { at: Date.now() } }, { upsert: true });
  const watching = [watch('the event store', readLast), watch('MongoDB', write)];
  return {
    async end() {
      over.abort();
      for (const name of asked.keys()) note(name);
      await Promise.race([Promise.all(watching), sleep(1000, undefined, { ref: false })]);
      await mongo.close(true);
      await events.dispose();
      return { ...longest };
    },
  };
}
