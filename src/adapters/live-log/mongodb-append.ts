import { isDuplicate } from '../mongo/outage.ts';
import type { Entries, StoredEntry } from './mongodb-entries.ts';

interface Waiting {
  readonly entry: StoredEntry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MOST_AT_ONCE = 500;

/** Stores entries in the order of asking, one write at a time: what comes meanwhile goes along with the next. */
export function createAppender(entries: Entries) {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  /** Resolves when its place is taken, by it or by an earlier one. */
  function append(entry: StoredEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ entry, resolve, reject });
      writing ??= writeAll();
    });
  }

  async function writeAll(): Promise<void> {
    // The appends of one turn go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE);
      waiting = waiting.slice(MOST_AT_ONCE);
      await write(batch);
    }
    writing = undefined;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    try {
      await insert(batch.map(({ entry }) => entry));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async function insert(batch: readonly StoredEntry[]): Promise<void> {
    try {
      await entries.insertMany([...batch], { ordered: false });
    } catch (error) {
      if (!wereAllThere(error)) throw error;
    }
  }

  return { append, settled: async () => writing };
}

/** Whether a bulk write is at fault only for what is there already; it names no single faults when it may not have reached a majority. */
function wereAllThere(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('writeErrors' in error)) return false;
  const faults: readonly unknown[] = [error.writeErrors].flat();
  return faults.length > 0 && faults.every(isDuplicate);
}
