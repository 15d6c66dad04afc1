import type { DatabaseSync } from 'node:sqlite';
import { type EncodedAppend, positionOf } from './encode.ts';
import { judge, type LogFacts } from './judge.ts';
import { leafOf } from './leaf.ts';
import type { AppendResult } from './port.ts';
import { adviceFor, isFaultOfFile, ResultCode, resultCode } from './sqlite-errors.ts';
import { eventsFile, openForWriting } from './sqlite-file.ts';

/** The writing end of the log: one thread, one handle. */
export interface SqliteLog {
  /** Stores what is to be stored of these appends in one transaction and answers each, in order, when it is durable. */
  commit(appends: readonly EncodedAppend[]): AppendResult[];
  close(): void;
}

interface Handle extends LogFacts {
  readonly database: DatabaseSync;
  /** Answers the place of the event. */
  insert(
    ...values: [
      stream: string,
      revision: number,
      id: string,
      type: string,
      version: number,
      data: string,
      metadata: string,
      storedAt: number,
      leaf: Buffer,
    ]
  ): number;
}

function openHandle(database: DatabaseSync): Handle {
  const last = database.prepare('SELECT max(revision) AS revision FROM events WHERE stream = ?');
  const find = database.prepare('SELECT stream, revision, position FROM events WHERE id = ?');
  const insert = database.prepare(
    'INSERT INTO events (stream, revision, id, type, version, data, metadata, stored_at, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  return {
    database,
    lastRevision: (stream) => Number(last.get(stream)?.revision ?? -1),
    find: (id) => {
      const row = find.get(id);
      return row && { stream: String(row.stream), revision: Number(row.revision), place: Number(row.position) };
    },
    insert: (...values) => Number(insert.run(...values).lastInsertRowid),
  };
}

/** Throws, with a sentence that says what to do, when the log cannot be opened. `open` is there for tests that need a failing disk. */
export function openSqliteLog(folder: string, open: (folder: string) => DatabaseSync = openForWriting): SqliteLog {
  const file = eventsFile(folder);
  let handle: Handle | undefined = openHandle(open(folder));

  /** `doubt`: these appends were committed once before and the disk failed, so they may be stored. */
  function commit(appends: readonly EncodedAppend[], doubt = false, retried = false): AppendResult[] {
    let committing = false;
    try {
      const current = handle ?? openHandle(open(folder));
      handle = current;
      current.database.exec('BEGIN IMMEDIATE');
      const results = appends.map((append) => appendOne(current, append));
      committing = true;
      current.database.exec('COMMIT');
      return results;
    } catch (error) {
      abandon(error);
      const failedDisk = resultCode(error) === ResultCode.io;
      const unknown = doubt || (committing && failedDisk);
      if (failedDisk && !retried) return commit(appends, unknown, true);
      if (appends.length > 1 && handle && !isFaultOfFile(error)) return appends.flatMap((append) => commit([append], unknown, retried));
      return appends.map(() => ({ ok: false, code: unknown ? 'OutcomeUnknown' : 'StoreUnavailable', message: adviceFor(file, error) }));
    }
  }

  /** After a failed write or sync the kernel may have dropped what the handle believes written, so that handle is never used again. */
  function abandon(error: unknown): void {
    if (!handle) return;
    const { database } = handle;
    if (resultCode(error) === ResultCode.io) handle = undefined;
    try {
      if (database.isTransaction) database.exec('ROLLBACK');
    } catch {
      handle = undefined;
    }
    if (!handle) database.close();
  }

  return {
    commit: (appends) => commit(appends),
    close: () => handle?.database.close(),
  };
}

function appendOne(handle: Handle, append: EncodedAppend): AppendResult {
  const verdict = judge(handle, append);
  if ('answer' in verdict) return verdict.answer;
  const { stream, events } = append;
  const storedAt = Date.now();
  let revision = verdict.storeFrom - 1;
  let place = 0;
  for (const { id, type, version, data, metadata } of events) {
    revision += 1;
    const leaf = leafOf({ id, type, version, stream, revision, data, metadata });
    place = handle.insert(stream, revision, id, type, version, data, metadata, storedAt, leaf);
  }
  return { ok: true, revision: BigInt(revision), position: positionOf(place), duplicate: false };
}
