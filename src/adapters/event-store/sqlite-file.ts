import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { adviceFor } from './sqlite-errors.ts';

export const SCHEMA_VERSION = 1;
export const eventsFile = (folder: string): string => join(folder, 'events.db');

const schema = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'an event is never removed'); END;
  CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Made whole under another name first, so that an empty `events.db` is never a young one but always a damaged one. */
function create(folder: string): void {
  const draft = `${eventsFile(folder)}.new`;
  rmSync(draft, { force: true });
  const database = new DatabaseSync(draft);
  try {
    database.exec(`BEGIN; ${schema}`);
    database.prepare("INSERT INTO meta (name, value) VALUES ('epoch', ?)").run(randomUUID());
    database.exec('COMMIT');
  } finally {
    database.close();
  }
  renameSync(draft, eventsFile(folder));
}

/** Opens the log for writing, made first where there is none. Throws with a sentence that says what to do. */
export function openForWriting(folder: string): DatabaseSync {
  const file = eventsFile(folder);
  try {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(file)) create(folder);
    if (statSync(file).size === 0) throw new Error(`${file} is empty, so it has been cut off: restore it from a backup.`);
    const database = new DatabaseSync(file, { timeout: 5000 });
    return closingOnError(database, () => {
      database.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA cache_size = -16000',
      );
      requireKnownSchema(file, database);
      settle(file, database);
    });
  } catch (error) {
    throw new Error(adviceFor(file, error), { cause: error });
  }
}

/** Opens the log for reading, which the writer must have made before. */
export function openForReading(folder: string): DatabaseSync {
  const file = eventsFile(folder);
  if (!existsSync(file)) throw new Error(`${file} does not exist: start Annals once on this folder, or correct the folder.`);
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    return closingOnError(database, () => {
      database.exec('PRAGMA cache_size = -16000');
      requireKnownSchema(file, database);
    });
  } catch (error) {
    throw new Error(adviceFor(file, error), { cause: error });
  }
}

function closingOnError(database: DatabaseSync, prepare: () => void): DatabaseSync {
  try {
    prepare();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function requireKnownSchema(file: string, database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (found > SCHEMA_VERSION)
    throw new Error(`${file} was written by a newer release (schema ${found}, this one knows ${SCHEMA_VERSION}): start that release.`);
  if (found < SCHEMA_VERSION)
    throw new Error(`${file} is no event log of Annals (schema ${found}): correct the folder, or restore the file from a backup.`);
}

/**
 * Moves what the write-ahead log holds into the file and syncs it: what a failed fsync left in the page cache only is durable after this, or the log
 * does not open. Then the file must be as long as it says.
 */
function settle(file: string, database: DatabaseSync): void {
  const { log = -1, checkpointed = -1 } = database.prepare('PRAGMA wal_checkpoint(FULL)').get() ?? {};
  if (log !== checkpointed) return;
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  const size = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  if (statSync(file).size < pages * size)
    throw new Error(`${file} has been cut off (${statSync(file).size} of ${pages * size} bytes): restore it from a backup.`);
}
