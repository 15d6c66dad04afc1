import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { eventsFile } from '../../../src/adapters/event-store/sqlite-file.ts';
import { verifyEvents } from '../../../src/adapters/event-store/verify.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';
import { openStore, tamper, temporaryFolder, writtenFolder } from './damage.ts';

test('an untouched log is clean, closed or in use, whole or its end', async () => {
  const folder = await writtenFolder(20);
  const progress: number[][] = [];
  expect(await verifyEvents(folder, { onProgress: (...counts) => progress.push(counts) })).toEqual({ events: 40, problems: [] });
  expect(progress.at(-1)).toEqual([40, 40]);
  expect(await verifyEvents(folder, { last: 7 })).toEqual({ events: 7, problems: [] });
  const store = await openStore({ folder });
  await store.append('a-1', [eventToAppend()], 'any');
  expect(await verifyEvents(folder)).toEqual({ events: 41, problems: [] });
});

test('an empty log is clean, and a folder without one is refused', async () => {
  const folder = temporaryFolder();
  await expect(verifyEvents(folder)).rejects.toThrow('does not exist');
  await openStore({ folder });
  expect(await verifyEvents(folder)).toEqual({ events: 0, problems: [] });
});

test.each([
  ['data', `data = replace(data, 'text', 'texd')`],
  ['metadata', `metadata = replace(metadata, 'writer', 'reader')`],
  ['a type', `type = 'NoteTorn'`],
  ['a version', 'version = 2'],
  ['an id', `id = '00000000-0000-4000-8000-000000000000'`],
  ['a leaf', 'leaf = zeroblob(32)'],
])('a change of %s is found at its place', async (_what, change) => {
  const folder = await writtenFolder(5);
  tamper(folder, `UPDATE events SET ${change} WHERE position = 6`);
  const problem = { position: 6, stream: 'a-2', revision: 2, what: expect.stringContaining('leaf') };
  expect((await verifyEvents(folder)).problems).toEqual([problem]);
  expect((await verifyEvents(folder, { last: 5 })).problems).toEqual([problem]);
  expect((await verifyEvents(folder, { last: 4 })).problems).toEqual([]);
});

test('a removed event is found by its position and by its revision', async () => {
  const folder = await writtenFolder(5);
  tamper(folder, 'DELETE FROM events WHERE position = 6');
  expect((await verifyEvents(folder)).problems).toEqual([
    { position: 7, stream: 'a-1', revision: 3, what: expect.stringContaining('positions 6 to 6 are missing') },
    { position: 8, stream: 'a-2', revision: 3, what: expect.stringContaining('should be 2') },
  ]);
});

test('a cut at the end is found, as long as the counter of positions is left', async () => {
  const folder = await writtenFolder(5);
  tamper(folder, 'DELETE FROM events WHERE position > 8');
  expect((await verifyEvents(folder)).problems).toEqual([
    expect.objectContaining({ position: 0, what: 'the last event is at position 8, but 10 have been stored' }),
  ]);
});

test('events that changed places within their stream are found', async () => {
  const folder = await writtenFolder(5);
  tamper(
    folder,
    'UPDATE events SET revision = -1 WHERE position = 3; UPDATE events SET revision = 1 WHERE position = 5; UPDATE events SET revision = 2 WHERE position = 3',
  );
  const places = (await verifyEvents(folder)).problems.map(({ position }) => position);
  expect(new Set(places)).toEqual(new Set([3, 5, 7]));
});

test('a destroyed page is reported with the file, and the events beside it are still checked', async () => {
  const folder = await writtenFolder(60, 'long text '.repeat(100));
  const file = eventsFile(folder);
  const bytes = readFileSync(file);
  bytes.fill(0xff, 20 * 4096, 21 * 4096);
  writeFileSync(file, bytes);
  const { events, problems } = await verifyEvents(folder);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.some(({ what }) => /malformed|leaf|integrity|Tree|btree|page/i.test(what))).toBe(true);
  expect(events).toBeGreaterThan(60);
});

test('a flipped bit that changes what is read is never unseen', async () => {
  const folder = await writtenFolder(3, 'long text '.repeat(60));
  const file = eventsFile(folder);
  const whole = readFileSync(file);
  const textsNow = () => {
    const database = new DatabaseSync(file, { readOnly: true });
    const texts = database
      .prepare('SELECT data FROM events ORDER BY position')
      .all()
      .map(({ data }) => data);
    database.close();
    return texts.join();
  };
  const texts = textsNow();
  let changed = 0;
  for (let at = whole.indexOf('long text '), n = 0; at >= 0; at = whole.indexOf('long text ', at + 401), n += 1) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at + 3) ^ (1 << (n % 8)), at + 3);
    writeFileSync(file, bytes);
    if (textsNow() === texts) continue;
    changed += 1;
    expect((await verifyEvents(folder)).problems.length).toBeGreaterThan(0);
  }
  expect(changed).toBeGreaterThan(5);
});
