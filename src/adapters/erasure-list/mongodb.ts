import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { isDuplicate } from '../mongo/outage.ts';
import { Erased, type ErasureList, lineOf } from './port.ts';

const Row = Erased.extend({ at: z.date() });

/** In a collection that every process reads and writes; durable on a majority. Put the same into a file outside the database, which its backups know nothing of. */
export function openMongoErasures({ db, reach }: MongoConnection, now: () => Date = () => new Date()): ErasureList {
  const erasures = db.collection<{ readonly _id: string; readonly at: Date } & Erased>('erasures');
  return {
    add: (erased) =>
      reach(async () => {
        try {
          await erasures.insertOne({ _id: lineOf(erased), at: now(), ...erased });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
        }
      }),
    all: () => reach(async () => (await erasures.find().sort({ at: 1, _id: 1 }).toArray()).map((row) => Erased.parse(Row.parse(row)))),
  };
}
