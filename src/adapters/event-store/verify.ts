import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { SignedHead } from '../evidence/port.ts';
import { leafOf, type StoredEvent } from './leaf.ts';
import { eventsFile, openForReading } from './sqlite-file.ts';
import { checkHeads } from './verify-heads.ts';

export interface EventProblem {
  /** 0, and an empty stream, where the problem is not one event's. */
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly what: string;
}

export interface EventVerification {
  /** Events read and checked. */
  readonly events: number;
  readonly problems: readonly EventProblem[];
}

export interface VerifyOptions {
  readonly onProgress?: (checked: number, total: number) => void;
  /** Only the last so many events, without SQLite's own check of the file and without heads. */
  readonly last?: number;
  /** Heads that were exported of this log, which must be trees of it. */
  readonly heads?: readonly SignedHead[];
}

interface StoredRow extends StoredEvent {
  readonly position: number;
  readonly leaf: Uint8Array;
}

const PAGE_EVENTS = 500;
const MAX_FILE_PROBLEMS = 100;

/**
 * Recomputes every leaf, and checks that positions have no gap, that each stream's revisions are dense and in order of position, that the file is whole,
 * and that every head is one of this log: whoever changes events and all that is stored of them still cannot change what was exported.
 * Reads only, also beside a running server. Throws when there is no log, or none that opens.
 */
export async function verifyEvents(folder: string, { onProgress, last, heads = [] }: VerifyOptions = {}): Promise<EventVerification> {
  const database = openForReading(folder);
  const problems: EventProblem[] = [];
  const ofFile = (what: string) => problems.push({ position: 0, stream: '', revision: 0, what });
  try {
    const head = lastPosition(database, ofFile);
    const from = last === undefined ? 0 : Math.max(0, head - last);
    const check = eventCheck(database, from, problems);
    const exported = checkHeads(last === undefined ? heads : []);
    let events = 0;
    for (let after = from; after < head; after = Math.min(after + PAGE_EVENTS, head)) {
      const rows = readRows(database, after, Math.min(after + PAGE_EVENTS, head), problems);
      for (const row of rows) exported.add(check(row));
      events += rows.length;
      onProgress?.(events, head - from);
      await setImmediate();
    }
    if (last === undefined) for (const what of [...exported.problems(), ...integrityProblems(database, eventsFile(folder))]) ofFile(what);
    return { events, problems };
  } finally {
    database.close();
  }
}

/** The counter of positions outlives a removed row, so a cut at the end shows. */
function lastPosition(database: DatabaseSync, report: (what: string) => void): number {
  const given = Number(database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()?.seq ?? 0);
  const found = Number(attempt(() => database.prepare('SELECT max(position) AS position FROM events').get()?.position ?? 0, report) ?? given);
  if (found < given) report(`the last event is at position ${found}, but ${given} have been stored`);
  return Math.max(found, given);
}

function readRows(database: DatabaseSync, after: number, until: number, problems: EventProblem[]): StoredRow[] {
  const columns = 'position, stream, revision, id, type, version, data, metadata, leaf';
  try {
    return database.prepare(`SELECT ${columns} FROM events WHERE position > ? AND position <= ? ORDER BY position`).all(after, until).map(storedRow);
  } catch {
    const one = database.prepare(`SELECT ${columns} FROM events WHERE position = ?`);
    return Array.from({ length: until - after }, (_, index) => after + index + 1).flatMap((position) => {
      const row = attempt(
        () => one.get(position),
        (what) => problems.push({ position, stream: '', revision: 0, what: `cannot be read: ${what}` }),
      );
      return row ? [storedRow(row)] : [];
    });
  }
}

const storedRow = (row: Record<string, unknown>): StoredRow => ({
  position: Number(row.position),
  stream: String(row.stream),
  revision: Number(row.revision),
  id: String(row.id),
  type: String(row.type),
  version: Number(row.version),
  data: String(row.data),
  metadata: String(row.metadata),
  leaf: row.leaf instanceof Uint8Array ? row.leaf : new Uint8Array(),
});

/** A check to be called with every row in order of position, beginning after `from`; it answers the row's leaf as it should be. */
function eventCheck(database: DatabaseSync, from: number, problems: EventProblem[]): (row: StoredRow) => Buffer {
  const revisions = new Map<string, number>();
  const before = database.prepare('SELECT max(revision) AS revision FROM events WHERE stream = ? AND position <= ?');
  const lastBefore = (stream: string) => (from === 0 ? -1 : Number(before.get(stream, from)?.revision ?? -1));
  let expectedPosition = from + 1;
  return (row) => {
    const { position, stream, revision } = row;
    const report = (what: string) => problems.push({ position, stream, revision, what });
    if (position !== expectedPosition) report(`positions ${expectedPosition} to ${position - 1} are missing before it`);
    expectedPosition = position + 1;
    const expectedRevision = (revisions.get(stream) ?? lastBefore(stream)) + 1;
    if (revision !== expectedRevision) report(`its revision should be ${expectedRevision}`);
    revisions.set(stream, revision);
    const leaf = leafOf(row);
    if (!leaf.equals(row.leaf)) report('it is not what was stored: its leaf is another');
    return leaf;
  };
}

function integrityProblems(database: DatabaseSync, file: string): string[] {
  const found: string[] = [];
  const rows = attempt(
    () => database.prepare(`PRAGMA integrity_check(${MAX_FILE_PROBLEMS})`).all(),
    (what) => found.push(`${file} cannot be checked: ${what}`),
  );
  const said = (rows ?? []).map((row) => String(row.integrity_check)).filter((line) => line !== 'ok');
  return [...found, ...said.map((line) => `${file}: ${line}`)];
}

function attempt<Result>(read: () => Result, report: (what: string) => void): Result | undefined {
  try {
    return read();
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
