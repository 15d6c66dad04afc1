import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { RecordedEvent } from '../../domain/event.ts';
import { positionOf } from './encode.ts';
import type { LogPage } from './follow-log.ts';
import { LogDamaged, type Position } from './port.ts';
import { adviceFor, ResultCode, resultCode } from './sqlite-errors.ts';
import { eventsFile, openForReading } from './sqlite-file.ts';

const PAGE_EVENTS = 500;
const FIRST_PAGE_EVENTS = 100;
/** In characters of data and metadata. */
const PAGE_SIZE = 4 * 1024 * 1024;
const columns = 'position, stream, revision, id, type, version, data, metadata';

/** Reads of one thread: synchronous, in pages that are short enough for an event loop. */
export interface SqliteReader {
  after(position: Position): LogPage;
  /** From the revision on, inclusive, at most `max`. */
  forwards(stream: string, from: number, max: number): LogPage;
  backwards(stream: string, from: number, max: number): LogPage;
  head(): Position;
  epoch(): string;
  close(): void;
}

export function openSqliteReader(folder: string): SqliteReader {
  const file = eventsFile(folder);
  const database = openForReading(folder);
  const select = (where: string): StatementSync => arrays(database, `SELECT ${columns} FROM events WHERE ${where} LIMIT ?`);
  const after = select('position > ? ORDER BY position');
  const forwards = select('stream = ? AND revision >= ? ORDER BY revision');
  const backwards = select('stream = ? AND revision <= ? ORDER BY revision DESC');
  const readPage = createPager(file);
  const head = database.prepare('SELECT max(position) AS position FROM events');

  const guarded = <Result>(read: () => Result): Result => {
    try {
      return read();
    } catch (error) {
      const code = resultCode(error);
      if (code === ResultCode.none) throw error;
      throw new (code === ResultCode.corrupt ? LogDamaged : Error)(adviceFor(file, error), { cause: error });
    }
  };

  return {
    after: (position) => guarded(() => readPage(after, [Number(position)], PAGE_EVENTS)),
    forwards: (stream, from, max) => guarded(() => readPage(forwards, [stream, from], max)),
    backwards: (stream, from, max) => guarded(() => readPage(backwards, [stream, from], max)),
    head: () => guarded(() => positionOf(Number(head.get()?.position ?? 0))),
    epoch: () => guarded(() => String(database.prepare("SELECT value FROM meta WHERE name = 'epoch'").get()?.value)),
    close: () => database.close(),
  };
}

function arrays(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

type Row = Record<string, SQLOutputValue>;

/** Pages as large as the events of the page before allow: at most `PAGE_EVENTS`, and about `PAGE_SIZE` as long as the sizes stay alike. */
function createPager(file: string): (statement: StatementSync, parameters: (string | number)[], max: number) => LogPage {
  let limit = FIRST_PAGE_EVENTS;
  return (statement, parameters, max) => {
    const wanted = Math.min(limit, max);
    const rows = statement.all(...parameters, wanted);
    const size = rows.reduce((sum, row) => sum + String(row[6]).length + String(row[7]).length, 0);
    if (rows.length > 0) limit = Math.max(1, Math.min(PAGE_EVENTS, Math.floor((PAGE_SIZE * rows.length) / size)));
    return { events: rows.map((row) => decodeRow(row) ?? throwNotJson(file, row)), more: rows.length === wanted };
  };
}

function decodeRow(row: Row): RecordedEvent | undefined {
  try {
    return {
      id: String(row[3]),
      type: String(row[4]),
      version: Number(row[5]),
      stream: String(row[1]),
      revision: BigInt(Number(row[2])),
      position: positionOf(Number(row[0])),
      data: JSON.parse(String(row[6])),
      metadata: JSON.parse(String(row[7])),
    };
  } catch {
    return undefined;
  }
}

function throwNotJson(file: string, row: Row): never {
  const place = `the event at position ${row[0]} (${row[1]}, revision ${row[2]}) is no JSON`;
  throw new Error(`${file} is damaged: ${place}. Stop the server, run "annals verify", and restore it from a backup.`);
}
