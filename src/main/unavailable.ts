/** A part cannot be read or written for the moment: repeating is safe. The message is one sentence that says why and what to do. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly code = 'StoreUnavailable';
}

const FULL = 'The disk is full: free some space and repeat, no restart is needed.';
const advice: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: 'The data folder has become read-only: look at the system’s log for the disk, then repeat.',
  EIO: 'The disk failed: look at the system’s log for it, then repeat.',
};
/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqliteCodes: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC' };

/** What a full or failing disk threw, as one sentence; undefined for anything else. */
export function whyUnavailable(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && error.code === 'StoreUnavailable' && error instanceof Error) return error.message;
  if ('errcode' in error && typeof error.errcode === 'number') return advice[sqliteCodes[error.errcode & 0xff] ?? ''];
  return 'code' in error && typeof error.code === 'string' ? advice[error.code] : undefined;
}

/** Turns what a full or failing disk throws into `Unavailable`. */
export async function namingUnavailable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const why = whyUnavailable(error);
    throw why === undefined ? error : new Unavailable(why, { cause: error });
  }
}
