import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// Nothing here waits for the disk: entries outlive the process, not the machine, and a log that a power cut damaged is begun anew.
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 33554432;';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    run TEXT, segment INTEGER, epoch INTEGER, sequence INTEGER, sealed TEXT NOT NULL, PRIMARY KEY (run, segment, epoch, sequence)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS expiries (run TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS expiries_by_time ON expiries (at);`;

export interface OpenedLiveDatabase {
  readonly database: DatabaseSync;
  /** Why the file that was there had to be thrown away. */
  readonly damage?: string;
}

export function openLiveDatabase(file: string): OpenedLiveDatabase {
  mkdirSync(dirname(file), { recursive: true });
  try {
    return { database: openChecked(file) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    return { database: openChecked(file), damage: error.message };
  }
}

function openChecked(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec(PRAGMAS);
    const verdict = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
    if (verdict !== 'ok') throw new DamagedFile(String(verdict));
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class DamagedFile extends Error {}

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

function isDamage(error: unknown): error is Error {
  if (error instanceof DamagedFile) return true;
  return (
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && [CORRUPT, NOT_A_DATABASE].includes(error.errcode & 0xff)
  );
}
