import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { decryptAll, wrappedKeysOf } from '../../erasure/decrypt-all.ts';
import { openHouse } from '../../erasure/house.ts';
import { startOutside } from '../../erasure/outside.ts';
import { type Inhabitant, seenBy, settle } from '../../erasure/world.ts';
import { findTexts } from './canaries.ts';
import { call, cleanUp, copyOf, filesOf, newFolder, startOn, until } from './processes.ts';

cleanUp();
const around = await startOutside();
afterAll(() => around.close());

/** So many that everybody has two hundred canaries. */
const THREADS = 12;
const knownIn = (texts: readonly string[], { canaries }: Inhabitant): string[] =>
  canaries.filter((each) => texts.some((text) => text.includes(each)));
const holding = (folder: string, bytes: Uint8Array): string[] => filesOf(folder).filter((file) => readFileSync(file).includes(Buffer.from(bytes)));

test('the scanner finds what is planted packed, whichever way', () => {
  const folder = newFolder();
  const text = `kanari${randomBytes(6).toString('hex')}`;
  const long = Buffer.from(`${'long '.repeat(99)}${text}`);
  for (const pack of [gzipSync, deflateSync, deflateRawSync, brotliCompressSync, zstdCompressSync]) {
    writeFileSync(join(folder, 'file'), pack(long));
    expect(findTexts(folder, [text]), pack.name).not.toEqual([]);
  }
  writeFileSync(join(folder, 'file'), Buffer.concat([randomBytes(101), zstdCompressSync(long)]));
  expect(findTexts(folder, [text])).not.toEqual([]);
  writeFileSync(join(folder, 'file'), randomBytes(100_000));
  expect(findTexts(folder, [text])).toEqual([]);
});

test('of a person who is erased no word, no key and no way back is left, in a restored backup neither; the neighbour keeps every word', {
  timeout: 600_000,
}, async () => {
  const folder = newFolder();
  const outside = join(newFolder(), 'erasures.jsonl');
  const environment = { ...around.environment, ANNALS_ERASURES_FILE: outside };
  const server = await startOn(folder, environment);
  const house = await openHouse(server.url, around);
  const [ada, bob] = await Promise.all([settle(house, 'ada', THREADS), settle(house, 'bob', THREADS)]);
  expect(ada.canaries.length).toBeGreaterThanOrEqual(200);
  expect(await seenBy(server.url, ada)).toEqual(ada.readable);
  expect(await seenBy(server.url, bob)).toEqual(bob.readable);
  expect(findTexts(folder, [ada.marker, bob.marker])).toEqual([]);
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  expect(server.output()).not.toMatch(/kanari/);

  const backup = copyOf(folder);
  const wrapped = wrappedKeysOf(backup, ada.person);
  expect(wrapped.length).toBeGreaterThan(THREADS);
  for (const key of wrapped) expect(holding(backup, key)).not.toEqual([]);
  expect(knownIn(decryptAll(backup), ada)).toEqual(ada.canaries);

  const erasing = await startOn(folder, environment);
  const headers = { authorization: `Bearer ${ada.token}` };
  const operator = { authorization: `Bearer ${house.administrator}` };
  const { status, json } = await call(erasing.url, 'POST', '/api/me/erase', { confirm: 'delete my account' }, headers);
  expect(status, JSON.stringify(json)).toBe(202);
  expect((await call(erasing.url, 'GET', '/api/me', undefined, headers)).status).toBe(401);
  await until(async () => (await call(erasing.url, 'GET', `/api/erasures/${json.jobId}`)).json.status === 'succeeded');
  expect(holding(folder, wrapped[0] ?? new Uint8Array(1)).length).toBe(0);
  expect(await seenBy(erasing.url, bob)).toEqual(bob.readable);
  expect(await erasing.kill('SIGTERM'), erasing.output()).toBe(0);
  expect(erasing.output()).not.toMatch(/kanari/);
  expect(findTexts(folder, [ada.marker, bob.marker])).toEqual([]);
  for (const key of wrapped) expect(holding(folder, key)).toEqual([]);
  const read = decryptAll(folder);
  expect(knownIn(read, ada)).toEqual([]);
  expect(knownIn(read, bob)).toEqual(bob.canaries);
  expect(filesOf(join(folder, 'blobs'))).toHaveLength(filesOf(join(backup, 'blobs')).length / 2);

  // A backup from before, which knows of no erasure, put back beside the list that is kept outside.
  expect(existsSync(join(backup, 'erasures.jsonl'))).toBe(true);
  expect(readFileSync(join(backup, 'erasures.jsonl'), 'utf8')).not.toContain(ada.person);
  const restored = newFolder();
  cpSync(backup, restored, { recursive: true });
  const again = await startOn(restored, environment);
  expect(again.output()).toMatch(/applied \d+ erasures again/);
  expect(await seenBy(again.url, ada, 1000)).toEqual([]);
  await until(async () => (await call(again.url, 'GET', '/api/me', undefined, headers)).status === 401);
  await until(async () =>
    (await call(again.url, 'GET', `/api/jobs?of=everybody`, undefined, operator)).json.jobs.some(
      (job: { kind: string; status: string }) => job.kind === 'erase' && job.status === 'succeeded',
    ),
  );
  expect(await seenBy(again.url, bob)).toEqual(bob.readable);
  expect(await again.kill('SIGTERM'), again.output()).toBe(0);
  const readAgain = decryptAll(restored);
  expect(knownIn(readAgain, ada)).toEqual([]);
  expect(knownIn(readAgain, bob)).toEqual(bob.canaries);
  for (const key of wrapped) expect(holding(restored, key)).toEqual([]);
  expect(findTexts(restored, [ada.marker, bob.marker])).toEqual([]);
});
