import type { DatabaseSync } from 'node:sqlite';

interface Write {
  /** Gives the number of rows it changed. */
  readonly work: () => number | bigint;
  readonly resolve: (changes: number | bigint) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects the writes of one turn of the event loop into one transaction; each resolves after the commit, or all fail. */
export function createWriteQueue(database: DatabaseSync) {
  let waiting: Write[] = [];

  function add(work: () => number | bigint): Promise<number | bigint> {
    return new Promise((resolve, reject) => {
      if (waiting.push({ work, resolve, reject }) === 1) setImmediate(flush);
    });
  }

  function flush(): void {
    const writes = waiting;
    waiting = [];
    if (writes.length === 0) return;
    try {
      const changes = inTransaction(database, writes);
      for (const [index, { resolve }] of writes.entries()) resolve(changes[index] ?? 0);
    } catch (error) {
      for (const { reject } of writes) reject(error);
    }
  }

  return { add, flush };
}

function inTransaction(database: DatabaseSync, writes: readonly Write[]): (number | bigint)[] {
  database.exec('BEGIN IMMEDIATE');
  try {
    const changes = writes.map(({ work }) => work());
    database.exec('COMMIT');
    return changes;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
