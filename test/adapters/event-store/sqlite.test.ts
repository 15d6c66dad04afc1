import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../../src/adapters/event-store/sqlite.ts';
import { eventsFile } from '../../../src/adapters/event-store/sqlite-file.ts';
import { collect, eventToAppend, tailUntil } from '../../contract/event-store-samples.ts';
import { openStore, tamper, temporaryFolder, writtenFolder } from './damage.ts';

/** A poll that never comes within a test: only a wake-up can bring the event. */
const pollMs = 3_600_000;

test('a tail of a store opened for reading only is woken by an append of the process', async () => {
  const folder = temporaryFolder();
  const store = await openStore({ folder, pollMs });
  const reading = await openStore({ folder, readOnly: true, pollMs });
  for (let n = 0; n < 20; n += 1) {
    const batches = await tailUntil(reading, await store.head(), (sofar) => {
      if (sofar.length === 1) void store.append('a-1', [eventToAppend({ n })], 'any');
      return sofar.some(({ events }) => events.length > 0);
    });
    expect(batches.at(-1)?.events[0]?.data).toEqual({ n });
  }
  await expect(reading.append('a-1', [eventToAppend()], 'any')).rejects.toThrow('reading only');
});

test('a tail in another thread is woken by an append of this one', async () => {
  const folder = temporaryFolder();
  const store = await openStore({ folder, pollMs });
  const worker = new Worker(new URL('./tail-in-thread.ts', import.meta.url), { workerData: { folder, pollMs, until: 30 } });
  onTestFinished(async () => void (await worker.terminate()));
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once('error', reject);
  worker.on('message', (message) => {
    if (Array.isArray(message)) resolve(message);
    else void store.append('a-1', [eventToAppend({ n: message })], 'any');
  });
  expect(await promise).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

test('a tail sees what was appended behind its back, without being told', async () => {
  const folder = await writtenFolder(1);
  const reading = await openStore({ folder, readOnly: true, pollMs: 1 });
  const batches = await tailUntil(reading, await reading.head(), (sofar) => {
    if (sofar.length === 1) {
      const foreign = new DatabaseSync(eventsFile(folder));
      foreign.exec("INSERT INTO events SELECT NULL, 'a-3', 0, lower(id) || 'x', type, version, data, metadata, stored_at, leaf FROM events LIMIT 1");
      foreign.close();
    }
    return sofar.some(({ events }) => events.length > 0);
  });
  expect(batches.at(-1)?.events.map(({ stream }) => stream)).toEqual(['a-3']);
});

test('a log of a newer schema is refused in one sentence', async () => {
  const folder = await writtenFolder(1);
  tamper(folder, 'PRAGMA user_version = 99');
  await expect(openSqliteEventStore({ folder })).rejects.toThrow(/newer release \(schema 99, this one knows 1\)/);
  await expect(openSqliteEventStore({ folder, readOnly: true })).rejects.toThrow('newer release');
});

test('a log that was cut off, emptied or overwritten is refused by name, never opened as an empty one', async () => {
  const cut = await writtenFolder(30, 'long text '.repeat(100));
  truncateSync(eventsFile(cut), 8 * 4096);
  await expect(openSqliteEventStore({ folder: cut })).rejects.toThrow(/events\.db .*(cut off|damaged)/);
  truncateSync(eventsFile(cut), 0);
  await expect(openSqliteEventStore({ folder: cut })).rejects.toThrow(/events\.db is empty/);
  writeFileSync(eventsFile(cut), 'This is no database, whatever its name may say. '.repeat(100));
  await expect(openSqliteEventStore({ folder: cut })).rejects.toThrow(/events\.db is damaged .*restore/);
});

test('reading for a reader where there is no log yet is refused with advice', async () => {
  await expect(openSqliteEventStore({ folder: temporaryFolder(), readOnly: true })).rejects.toThrow('does not exist');
});

test('a destroyed page met while reading is an error that names the file and the damage', async () => {
  const folder = await writtenFolder(60, 'long text '.repeat(100));
  const bytes = readFileSync(eventsFile(folder));
  bytes.fill(0xff, 20 * 4096, 21 * 4096);
  writeFileSync(eventsFile(folder), bytes);
  const store = await openStore({ folder });
  await expect(tailUntil(store, START, (batches) => batches.at(-1)?.caughtUp === true)).rejects.toThrow(
    /events\.db is damaged .*restore it from a backup/,
  );
});

test('a stored text that is no JSON is an error that names the event', async () => {
  const folder = await writtenFolder(3);
  tamper(folder, `UPDATE events SET data = '{"n":}' WHERE position = 4`);
  const store = await openStore({ folder });
  await expect(collect(store.read('a-2'))).rejects.toThrow('position 4 (a-2, revision 1)');
  expect(await collect(store.read('a-1'))).toHaveLength(3);
});

test('appends accepted before closing are answered', async () => {
  const folder = temporaryFolder();
  const store = await openSqliteEventStore({ folder });
  const appending = Array.from({ length: 50 }, (_, n) => store.append(`a-${n}`, [eventToAppend({ n })], 'noStream'));
  await store.close();
  expect((await Promise.all(appending)).every(({ ok }) => ok)).toBe(true);
});
