import type { MongoConnection } from '../../adapters/mongo/connection.ts';
import { StartRefused } from '../refused.ts';

const ID = 'into';
const collectionOf = ({ db }: MongoConnection) => db.collection<{ readonly _id: string; readonly unfinished: boolean }>('migrations');

/** Whether what lies in the database is only a part of an installation that is moving here. */
export async function noteUnfinished(connection: MongoConnection, unfinished: boolean): Promise<void> {
  await connection.reach(() => collectionOf(connection).updateOne({ _id: ID }, { $set: { unfinished } }, { upsert: true }));
}

/** Throws `StartRefused` where a migration has begun and not ended. */
export async function requireFinished(connection: MongoConnection): Promise<void> {
  const found = await connection.reach(() => collectionOf(connection).findOne({ _id: ID }));
  if (found?.unfinished === true)
    throw new StartRefused('An installation is being moved to these servers: repeat the same "annals migrate", it goes on where it was, then start.');
}
