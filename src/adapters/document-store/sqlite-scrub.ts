import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

class StillRead extends Error {
  override readonly name = 'StillRead';
  readonly code = 'StoreUnavailable';
}

const BUSY_MS = 50;
const TRIES = 200;
const AGAIN_MS = 50;

/**
 * Empties the write-ahead logs of the databases, in which rows that were removed (and with them zeroed in the files) may still stand. Waits for a moment
 * without readers; throws an error of the code `StoreUnavailable` when there is none for a while.
 */
export async function scrubDatabases(files: readonly string[]): Promise<void> {
  for (const file of files.filter((each) => existsSync(each))) {
    for (let tries = 1; !truncated(file); tries++) {
      if (tries === TRIES) throw new StillRead(`${file} is being read all the time: its write-ahead log could not be emptied.`);
      await sleep(AGAIN_MS);
    }
  }
}

function truncated(file: string): boolean {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    return z.object({ busy: z.number() }).parse(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).busy === 0;
  } finally {
    database.close();
  }
}
