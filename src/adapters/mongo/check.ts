import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type MongoConnection, openMongo } from './connection.ts';

/** One sentence on one thing: what is so, and what to do where something is wrong. */
export interface MongoFinding {
  readonly level: 'fine' | 'warning' | 'problem';
  readonly message: string;
}

const Build = z.object({ version: z.string() });
/** Of the server's own list: Unauthorized; AuthenticationFailed, and what Atlas calls it. */
const UNAUTHORIZED = 13;
const NO_LOGIN = new Set([18, 8000]);

/**
 * Looks whether Annals can work with this database: whether it answers, pushes changes, acknowledges by a majority, and lets us make, index, rename and
 * remove collections. Leaves nothing behind. Never rejects.
 */
export async function checkMongo(url: string): Promise<readonly MongoFinding[]> {
  let connection: MongoConnection;
  try {
    connection = await openMongo(url);
  } catch (error) {
    return [problem(whyNotOpen(error))];
  }
  try {
    return [await onVersion(connection), onChanges(connection), await onRights(connection)];
  } finally {
    await connection.close();
  }
}

const fine = (message: string): MongoFinding => ({ level: 'fine', message });
const problem = (message: string): MongoFinding => ({ level: 'problem', message });

async function onVersion({ db, reach }: MongoConnection): Promise<MongoFinding> {
  const build = await reach(() => db.command({ buildInfo: 1 })).catch(() => undefined);
  const { success, data } = Build.safeParse(build);
  return fine(success ? `The document database answers, its version is ${data.version}.` : 'The document database answers.');
}

function onChanges({ changeStreams, transactions }: MongoConnection): MongoFinding {
  if (changeStreams) return fine('The document database tells its processes of changes at once.');
  const why = transactions ? 'this server has no change streams' : 'it is no replica set';
  const message = `The processes have to look for changes again and again, for ${why}: run it as a replica set (--replSet and rs.initiate()), also alone.`;
  return { level: 'warning', message };
}

/** Everything that the adapters do, in their order. */
async function onRights({ db, reach }: MongoConnection): Promise<MongoFinding> {
  const name = `doctor.${randomUUID()}`;
  const scratch = db.collection(name);
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    'make an index': () => scratch.createIndex({ at: 1 }),
    'write and have it acknowledged by a majority': () => scratch.insertOne({ at: 1 }),
    read: () => scratch.findOne({ at: 1 }),
    'rename a collection': () => scratch.rename(`${name}.renamed`),
    'remove a collection': () => db.collection(`${name}.renamed`).drop(),
  };
  for (const [what, step] of Object.entries(steps)) {
    try {
      await reach(step);
    } catch (error) {
      for (const left of [name, `${name}.renamed`]) await db.dropCollection(left).catch(() => undefined);
      return problem(whyNot(what, db.databaseName, error));
    }
  }
  return fine(`Annals may do all it has to in the database ${db.databaseName}, and a majority acknowledges.`);
}

function whyNot(what: string, database: string, error: unknown): string {
  if (codeOf(error) === UNAUTHORIZED) return `The user may not ${what} in the database ${database}: give it the role readWrite there.`;
  return `It was not possible to ${what} in the database ${database} (${reasonOf(error)}): see that a majority of its members runs, and look into its log.`;
}

function whyNotOpen(error: unknown): string {
  if (NO_LOGIN.has(codeOf(error) ?? 0))
    return 'The document database refuses the login: correct user and password in MONGODB_URL, and authSource where it is not the database itself.';
  if (error instanceof Error && 'code' in error && error.code === 'StoreUnavailable') return error.message;
  return `MONGODB_URL cannot be used (${reasonOf(error)}): it looks like mongodb://user:password@host:27017/annals?replicaSet=rs0.`;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');

const codeOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
