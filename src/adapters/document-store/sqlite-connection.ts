import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { namingDamage } from './corruption.ts';

export type SqlRow = Record<string, SQLOutputValue>;

/** Statements are prepared once per SQL text; SQLite prepares them anew by itself when another connection has changed the schema. */
export interface Connection {
  all(sql: string, binds: readonly SQLInputValue[]): SqlRow[];
  prepare(sql: string): StatementSync;
  exec(sql: string): void;
  /** All or nothing; what it reads is one snapshot. `work` is synchronous. */
  transaction<Result>(kind: 'read' | 'write', work: () => Result): Result;
  close(): void;
}

const lockTimeoutMs = 5_000;
const statementsKept = 256;
const cacheKiB = 16_384;
/** 32 MiB: batches of documents with scattered ids dirty the same pages again and again, which a longer log writes back once. */
const checkpointPages = 8_000;

/** Throws `DamagedViews` when the file is not a sound database. */
export function openConnection(file: string, readOnly: boolean): Connection {
  return namingDamage(file, () => {
    const db = new DatabaseSync(file, { readOnly, timeout: lockTimeoutMs });
    try {
      db.exec(`PRAGMA cache_size = -${cacheKiB}; PRAGMA cell_size_check = ON;`);
      if (readOnly) db.exec('SELECT count(*) FROM sqlite_schema');
      else
        db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = ${checkpointPages};`);
    } catch (error) {
      db.close();
      throw error;
    }
    return connectionTo(db);
  });
}

function connectionTo(db: DatabaseSync): Connection {
  const statements = new LRUCache<string, StatementSync>({ max: statementsKept });
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    prepare,
    all: (sql, binds) => prepare(sql).all(...binds),
    exec: (sql) => db.exec(sql),
    transaction(kind, work) {
      prepare(kind === 'read' ? 'BEGIN' : 'BEGIN IMMEDIATE').run();
      try {
        const result = work();
        prepare('COMMIT').run();
        return result;
      } catch (error) {
        if (db.isTransaction) prepare('ROLLBACK').run();
        throw error;
      }
    },
    close: () => db.close(),
  };
}
