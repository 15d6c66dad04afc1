import { basename } from 'node:path';

/** SQLITE_CORRUPT and SQLITE_NOTADB; extended codes keep these in their low byte. */
const damageCodes = new Set([11, 26]);

const rebuilt = 'It holds only views, which are rebuilt from the log: stop the server, delete this file with its -wal and -shm, and start again.';
const notRebuilt = 'It is not rebuilt from the log: stop the server and restore this file from a backup.';

export class DamagedViews extends Error {
  override readonly name = 'DamagedViews';
  readonly code = 'DamagedViews';
  constructor(file: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${file} is damaged (${reason}). ${basename(file) === 'views.db' ? rebuilt : notRebuilt}`, { cause });
  }
}

/** True for the error of a store whose file is damaged, also after it has crossed a thread as an object with its `code`. */
export const isCorruption = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'DamagedViews';

/** Runs `work`; an error of SQLite, or of a stored text, that means damage comes out as `DamagedViews`. */
export function namingDamage<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw meansDamage(error) ? new DamagedViews(file, error) : error;
  }
}

function meansDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof StoredTextError || error instanceof SyntaxError || error.message === 'malformed JSON') return true;
  return 'errcode' in error && typeof error.errcode === 'number' && damageCodes.has(error.errcode & 0xff);
}

/** What stands in the file is not what this program writes there. */
export class StoredTextError extends Error {
  override readonly name = 'StoredTextError';
}
