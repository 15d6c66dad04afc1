import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafOf } from '../../../src/adapters/event-store/leaf.ts';
import { compactTree, leafHash } from '../../../src/adapters/event-store/merkle.ts';
import { eventsFile, openForReading } from '../../../src/adapters/event-store/sqlite-file.ts';
import { verifyEvents } from '../../../src/adapters/event-store/verify.ts';
import type { SignedHead } from '../../../src/adapters/evidence/port.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';
import { openStore, temporaryFolder } from './damage.ts';

interface Row {
  stream: string;
  id: string;
  type: string;
  version: number;
  data: string;
  metadata: string;
  stored_at: number;
}

const TAMPERINGS = 1000;
const EVENTS = 24;
/** The log had these sizes when heads were exported; two events came after the last one. */
const HEADS = [5, 6, 13, 22];
const COVERED = 22;

const rowsOf = (folder: string): Row[] => {
  const database = openForReading(folder);
  const columns = 'stream, id, type, version, data, metadata, stored_at';
  const rows = database.prepare(`SELECT ${columns} FROM events ORDER BY position`).all() as unknown as Row[];
  database.close();
  return rows;
};

/** Each event with the revision that it has in this order. */
function numbered(rows: readonly Row[]): (Row & { revision: number })[] {
  const next = new Map<string, number>();
  return rows.map((row) => {
    const revision = next.get(row.stream) ?? 0;
    next.set(row.stream, revision + 1);
    return { ...row, revision };
  });
}

/**
 * Writes the log anew as somebody who knows all about it: positions and revisions without a gap, every leaf and the counter of positions right, the
 * triggers back in their place.
 */
function forge(folder: string, rows: readonly Row[]): void {
  const database = new DatabaseSync(eventsFile(folder));
  const triggers = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").all();
  database.exec('PRAGMA synchronous = OFF; BEGIN; DROP TRIGGER events_stay; DROP TRIGGER events_stay_as_they_are; DELETE FROM events');
  const insert = database.prepare(
    'INSERT INTO events (position, stream, revision, id, type, version, data, metadata, stored_at, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (const [index, row] of numbered(rows).entries()) {
    const { stream, revision, id, type, version, data, metadata, stored_at } = row;
    insert.run(index + 1, stream, revision, id, type, version, data, metadata, stored_at, leafOf(row));
  }
  database.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'events'").run(rows.length);
  for (const { sql } of triggers) database.exec(String(sql));
  database.exec('COMMIT');
  database.close();
}

function headsOf(rows: readonly Row[]): SignedHead[] {
  const tree = compactTree();
  return numbered(rows).flatMap((row) => {
    tree.append(leafHash(leafOf(row)));
    const head = { size: tree.size(), rootHash: tree.root().toString('hex'), time: '2026-01-01T00:00:00.000Z', installation: 'here', signature: '' };
    return HEADS.includes(head.size) ? [head] : [];
  });
}

async function writtenLog(): Promise<{ folder: string; rows: Row[] }> {
  const folder = temporaryFolder();
  const store = await openStore({ folder });
  for (let n = 0; n < EVENTS; n += 1) await store.append(`a-${n % 3}`, [eventToAppend({ n, text: `words ${n}` })], 'any');
  await store.close();
  return { folder, rows: rowsOf(folder) };
}

const covered = fc.nat({ max: COVERED - 1 });
const uuid = fc.uuid({ version: 4 });

/** Of an event that a head covers; each really changes something. */
const edit = fc.record({
  kind: fc.constant('edit' as const),
  at: covered,
  field: fc.constantFrom('stream', 'id', 'type', 'version', 'data', 'actor', 'time'),
  n: fc.integer({ min: 100, max: 999 }),
  id: uuid,
});
const insert = fc.record({ kind: fc.constant('insert' as const), at: covered, like: covered, id: uuid });
const remove = fc.record({ kind: fc.constant('delete' as const), at: covered, count: fc.integer({ min: 1, max: 3 }) });
const reorder = fc
  .tuple(covered, covered)
  .filter(([one, other]) => one !== other)
  .map(([one, other]) => ({ kind: 'reorder' as const, one, other }));
const cut = fc.record({ kind: fc.constant('cut' as const), at: covered });
const tampering = fc.oneof(edit, insert, remove, reorder, cut);

function apply(rows: readonly Row[], what: typeof tampering extends fc.Arbitrary<infer Value> ? Value : never): Row[] {
  const at = (index: number): Row => {
    const row = rows[index];
    if (!row) throw new RangeError(`no row ${index}`);
    return row;
  };
  switch (what.kind) {
    case 'edit':
      return rows.with(what.at, edited(at(what.at), what));
    case 'insert':
      return rows.toSpliced(what.at, 0, { ...at(what.like), id: what.id });
    case 'delete':
      return rows.toSpliced(what.at, what.count);
    case 'reorder':
      return rows.with(what.one, at(what.other)).with(what.other, at(what.one));
    case 'cut':
      return rows.slice(0, what.at);
  }
}

function edited(row: Row, { field, n, id }: { field: string; n: number; id: string }): Row {
  switch (field) {
    case 'stream':
      return { ...row, stream: `b-${n}` };
    case 'id':
      return { ...row, id };
    case 'type':
      return { ...row, type: `Type${n}` };
    case 'version':
      return { ...row, version: n };
    case 'data':
      return { ...row, data: row.data.replace('words', `word${n}`) };
    case 'actor':
      return { ...row, metadata: row.metadata.replace('person_writer', `person_${n}`) };
    default:
      return { ...row, metadata: row.metadata.replace('2026-01-02T03:04:05.678Z', `2026-01-02T03:04:06.${n}Z`) };
  }
}

test('a thousand tamperings of what a head covers are all found, though they leave no other trace', { timeout: 120_000 }, async () => {
  const { folder, rows } = await writtenLog();
  const heads = headsOf(rows);
  expect(await verifyEvents(folder, { heads })).toEqual({ events: EVENTS, problems: [] });
  const forged = temporaryFolder();
  const seen = new Map<string, number>();
  let traceless = 0;
  await fc.assert(
    fc.asyncProperty(tampering, async (what) => {
      copyFileSync(eventsFile(folder), eventsFile(forged));
      forge(forged, apply(rows, what));
      const { problems } = await verifyEvents(forged, { heads });
      expect(problems, JSON.stringify(what)).not.toEqual([]);
      seen.set(what.kind, (seen.get(what.kind) ?? 0) + 1);
      if (problems.every(({ position }) => position === 0)) traceless += 1;
    }),
    { numRuns: TAMPERINGS },
  );
  expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(TAMPERINGS);
  expect([...seen.keys()].toSorted()).toEqual(['cut', 'delete', 'edit', 'insert', 'reorder']);
  // Whoever tampers this well is found by the heads alone.
  expect(traceless).toBe(TAMPERINGS);
});

test('what comes after the last head can be cut without a trace, and nothing before it', async () => {
  const { folder, rows } = await writtenLog();
  const heads = headsOf(rows);
  forge(folder, rows.slice(0, COVERED));
  expect((await verifyEvents(folder, { heads })).problems).toEqual([]);
  forge(folder, rows.slice(0, COVERED - 1));
  const [first, ...more] = (await verifyEvents(folder, { heads })).problems;
  expect(first).toMatchObject({ position: 0, what: expect.stringContaining('it has been cut: 21 events are left of the head over 22 events') });
  expect(more).toEqual([]);
});

test('the first event that was changed is named as well as the heads allow', async () => {
  const { folder, rows } = await writtenLog();
  const heads = headsOf(rows);
  forge(folder, apply(rows, { kind: 'edit', at: 8, field: 'data', n: 100, id: '' }));
  expect((await verifyEvents(folder, { heads })).problems.map(({ what }) => what)).toEqual([
    expect.stringContaining('something in the events 7 to 13 has been changed since'),
    expect.stringContaining('something in the events 7 to 22 has been changed since'),
  ]);
});
