import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { RecordedEvent } from '../../domain/event.ts';
import { positionOf } from './encode.ts';
import type { LogPage } from './follow-log.ts';
import type { Position } from './port.ts';
import { adviceFor, ResultCode, resultCode } from './sqlite-errors.ts';
import { eventsFile, openForReading } from './sqlite-file.ts';

const PAGE_EVENTS = 500;
/** In characters of data and metadata; a page ends with the event that passes it. */
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
  const select = (where: string): StatementSync => arrays(database, `SELECT ${columns} FROM events WHERE ${where}`);
  const after = select('position > ? ORDER BY position');
  const forwards = select('stream = ? AND revision >= ? ORDER BY revision');
  const backwards = select('stream = ? AND revision <= ? ORDER BY revision DESC');
  const head = database.prepare('SELECT max(position) AS position FROM events');

  const guarded = <Result>(read: () => Result): Result => {
    try {
      return read();
    } catch (error) {
      throw resultCode(error) === ResultCode.none ? error : new Error(adviceFor(file, error), { cause: error });
    }
  };

  return {
    after: (position) => guarded(() => readPage(file, after, [Number(position)], PAGE_EVENTS)),
    forwards: (stream, from, max) => guarded(() => readPage(file, forwards, [stream, from], max)),
    backwards: (stream, from, max) => guarded(() => readPage(file, backwards, [stream, from], max)),
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

function readPage(file: string, statement: StatementSync, parameters: (string | number)[], max: number): LogPage {
  const rows: Row[] = [];
  const texts: string[] = [];
  let size = 0;
  let more = false;
  for (const row of statement.iterate(...parameters)) {
    const text = `${row[6]},${row[7]}`;
    rows.push(row);
    texts.push(text);
    size += text.length;
    more = rows.length >= Math.min(max, PAGE_EVENTS) || size >= PAGE_SIZE;
    if (more) break;
  }
  return { events: decodePage(file, rows, texts), more };
}

/** All texts of a page are parsed as one array, which is a good deal faster than one by one. */
function decodePage(file: string, rows: readonly Row[], texts: readonly string[]): RecordedEvent[] {
  const parsed = parseTexts(texts) ?? [];
  if (parsed.length !== rows.length * 2) throw notJson(file, rows, texts);
  return rows.map((row, index) => ({
    id: String(row[3]),
    type: String(row[4]),
    version: Number(row[5]),
    stream: String(row[1]),
    revision: BigInt(Number(row[2])),
    position: positionOf(Number(row[0])),
    data: parsed[2 * index],
    metadata: parsed[2 * index + 1],
  }));
}

function parseTexts(texts: readonly string[]) {
  try {
    return JSON.parse(`[${texts.join(',')}]`);
  } catch {
    return undefined;
  }
}

function notJson(file: string, rows: readonly Row[], texts: readonly string[]): Error {
  const row = rows[texts.findIndex((text) => parseTexts([text])?.length !== 2)];
  const place = `the event at position ${row?.[0]} (${row?.[1]}, revision ${row?.[2]}) is no JSON`;
  return new Error(`${file} is damaged: ${place}. Stop the server, run "annals verify", and restore it from a backup.`);
}
