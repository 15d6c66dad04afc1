import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { encodeAppend } from '../../../src/adapters/event-store/encode.ts';
import type { Expected } from '../../../src/adapters/event-store/port.ts';
import { eventsFile, openForWriting } from '../../../src/adapters/event-store/sqlite-file.ts';
import { openSqliteLog } from '../../../src/adapters/event-store/sqlite-log.ts';
import { verifyEvents } from '../../../src/adapters/event-store/verify.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'annals-log-'));
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

const append = (stream: string, expected: Expected, size = 10) => encodeAppend(stream, [eventToAppend({ text: 'x'.repeat(size) })], expected);

/** A handle whose next COMMITs fail, before or after the transaction has reached the file. */
class FailingDatabase extends DatabaseSync {
  readonly failures: { left: number; readonly stored: boolean };
  constructor(file: string, failures: FailingDatabase['failures']) {
    super(file);
    this.failures = failures;
  }
  override exec(sql: string): void {
    const fails = sql === 'COMMIT' && this.failures.left > 0;
    if (!fails || this.failures.stored) super.exec(sql);
    if (!fails) return;
    this.failures.left -= 1;
    throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
  }
}

function openFailing(failures: FailingDatabase['failures']) {
  let opened = 0;
  const log = openSqliteLog(folder, () => {
    openForWriting(folder).close();
    opened += 1;
    return new FailingDatabase(eventsFile(folder), failures);
  });
  onTestFinished(() => log.close());
  return { log, opened: () => opened };
}

test('a full disk refuses the append with advice, and the next one is stored once there is space', async () => {
  let database: DatabaseSync | undefined;
  const log = openSqliteLog(folder, () => {
    database = openForWriting(folder);
    return database;
  });
  onTestFinished(() => log.close());
  expect(log.commit([append('a-1', 'noStream')])).toMatchObject([{ ok: true }]);
  database?.exec('PRAGMA max_page_count = 20');
  const large = append('a-1', 0n, 500_000);
  expect(log.commit([large, append('a-2', 'noStream')])).toEqual(
    [1, 2].map(() => ({ ok: false, code: 'StoreUnavailable', message: expect.stringContaining('free some space') })),
  );
  expect(log.commit([append('a-2', 'noStream')])).toMatchObject([{ ok: true }]);
  database?.exec('PRAGMA max_page_count = 100000');
  expect(log.commit([large])).toMatchObject([{ ok: true, revision: 1n, duplicate: false }]);
  expect(await verifyEvents(folder)).toEqual({ events: 3, problems: [] });
});

test.each([true, false])(
  'after a failed sync the handle is opened anew and the same appends are settled there (stored before it failed: %s)',
  async (stored) => {
    const { log, opened } = openFailing({ left: 1, stored });
    expect(log.commit([append('a-1', 'noStream'), append('a-2', 3n), append('a-1', 0n)])).toEqual([
      expect.objectContaining({ ok: true, revision: 0n }),
      { ok: false, code: 'WrongExpectedRevision' },
      expect.objectContaining({ ok: true, revision: 1n }),
    ]);
    expect(opened()).toBe(2);
    expect(await verifyEvents(folder)).toEqual({ events: 2, problems: [] });
  },
);

test('a disk that keeps failing leaves the outcome unknown, and a later repeat of the identical append settles it', async () => {
  const { log, opened } = openFailing({ left: 2, stored: true });
  const first = append('a-1', 'noStream');
  expect(log.commit([first])).toMatchObject([{ ok: false, code: 'OutcomeUnknown' }]);
  expect(log.commit([first])).toMatchObject([{ ok: true, revision: 0n, duplicate: true }]);
  expect(opened()).toBe(3);
});

test('a log that cannot be opened again answers unavailable until it can', () => {
  let broken = false;
  const failures = { left: 1, stored: false };
  const log = openSqliteLog(folder, () => {
    if (broken) throw Object.assign(new Error('attempt to write a readonly database'), { errcode: 8 });
    broken = true;
    openForWriting(folder).close();
    return new FailingDatabase(eventsFile(folder), failures);
  });
  onTestFinished(() => log.close());
  expect(log.commit([append('a-1', 'noStream')])).toMatchObject([{ ok: false, code: 'OutcomeUnknown' }]);
  expect(log.commit([append('a-1', 'noStream')])).toMatchObject([
    { ok: false, code: 'StoreUnavailable', message: expect.stringContaining('let this user write') },
  ]);
  broken = false;
  expect(log.commit([append('a-1', 'noStream')])).toMatchObject([{ ok: true }]);
});

test('an event, once stored, can neither be removed nor changed', () => {
  const log = openSqliteLog(folder);
  log.commit([append('a-1', 'noStream')]);
  log.close();
  const database = new DatabaseSync(eventsFile(folder));
  onTestFinished(() => database.close());
  expect(() => database.exec('DELETE FROM events')).toThrow('never removed');
  expect(() => database.exec("UPDATE events SET type = 'Other'")).toThrow('never changed');
});
