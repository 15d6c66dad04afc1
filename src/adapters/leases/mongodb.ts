import { z } from 'zod';
import type { MongoConnection } from '../mongo/connection.ts';
import { isDuplicate } from '../mongo/outage.ts';
import type { LeaseRow, Leases } from './port.ts';

const Row = z.object({ _id: z.string(), holder: z.string(), token: z.number(), renewals: z.number() });
type Row = z.output<typeof Row>;

/** Greater than whatever a name goes on with. */
const LAST_CHARACTER = '\u{10ffff}';

/** Leases as rows of the collection `leases`, written as the connection writes everything: to the journals of a majority. Closing leaves the connection open. */
export function createMongoLeases({ db, reach }: MongoConnection): Leases {
  const rows = db.collection<Row>('leases');

  async function read(name: string): Promise<LeaseRow | undefined> {
    const found = await rows.findOne({ _id: name });
    return found === null ? undefined : toLease(found);
  }

  async function insert(next: LeaseRow): Promise<boolean> {
    try {
      await rows.insertOne({ _id: next.name, ...contentOf(next) });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async function compareAndSet(name: string, expected: LeaseRow | undefined, next: LeaseRow | undefined): Promise<boolean> {
    if (expected === undefined) return next === undefined ? (await read(name)) === undefined : insert({ ...next, name });
    const asExpected = { _id: name, ...contentOf(expected) };
    if (next === undefined) return (await rows.deleteOne(asExpected)).deletedCount === 1;
    return (await rows.updateOne(asExpected, { $set: contentOf(next) })).matchedCount === 1;
  }

  return {
    read: (name) => reach(() => read(name)),
    list: (prefix) =>
      reach(async () => {
        const found = await rows
          .find({ _id: { $gte: prefix, $lt: prefix + LAST_CHARACTER } })
          .sort({ _id: 1 })
          .toArray();
        return found.map(toLease);
      }),
    compareAndSet: (name, expected, next) => reach(() => compareAndSet(name, expected, next)),
    close: async () => {},
  };
}

const contentOf = ({ holder, token, renewals }: LeaseRow): Omit<Row, '_id'> => ({ holder, token, renewals });

function toLease(found: unknown): LeaseRow {
  const { _id: name, ...content } = Row.parse(found);
  return { name, ...content };
}
