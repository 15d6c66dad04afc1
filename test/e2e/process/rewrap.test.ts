import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { placeSecret } from '../../../src/adapters/key-vault/place-secret.ts';
import { rewrapSqliteVault } from '../../../src/adapters/key-vault/rewrap-sqlite.ts';
import { annals, call, chat, cleanUp, newFolder, refusal, startOn } from './processes.ts';

cleanUp();
const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

const textsOf = async (url: string): Promise<string> => JSON.stringify((await call(url, 'GET', '/api/provider-keys')).json);

/** A folder in which a key is described, and what a server says of it. */
async function used(environment: Readonly<Record<string, string>> = {}): Promise<{ folder: string; said: string }> {
  const folder = newFolder();
  const server = await startOn(folder, environment);
  await chat(server.url, 'Keep this');
  const made = await call(server.url, 'POST', '/api/provider-keys', {
    provider: 'openai',
    apiKey: 'sk-0123456789abcdef',
    description: 'Keep this too',
  });
  expect(made.status).toBe(201);
  const said = await textsOf(server.url);
  expect(said).toContain('Keep this too');
  expect(await server.kill('SIGTERM')).toBe(0);
  return { folder, said };
}

const saidBy = async (folder: string, environment: Readonly<Record<string, string>> = {}): Promise<string> => {
  const server = await startOn(folder, environment);
  const said = await textsOf(server.url);
  expect(await server.kill('SIGTERM')).toBe(0);
  return said;
};

test('a key file is replaced by a new one, and everything is read as before; the log is not touched', async () => {
  const { folder, said } = await used();
  const [key, log] = ['master.key', 'events.db'].map((name) => readFileSync(join(folder, name)));
  const ended = await annals(['keys', 'rewrap', '--data', folder]);
  expect([ended.code, ended.err]).toEqual([0, '']);
  expect(ended.out).toMatch(/^\d+ keys are wrapped by the new master key\./);
  expect(readFileSync(join(folder, 'events.db')).equals(log ?? Buffer.alloc(0))).toBe(true);
  const replaced = readFileSync(join(folder, 'master.key'));
  expect(replaced.equals(key ?? Buffer.alloc(0))).toBe(false);
  expect((statSync(join(folder, 'master.key')).mode & 0o777).toString(8)).toBe('600');
  expect(ended.out).not.toContain(replaced.toString().trim());
  expect(await saidBy(folder)).toBe(said);
});

test('killed at any moment and repeated, it is done', async () => {
  const { folder, said } = await used();
  for (const after of [60, 120, 180, 240, 300]) {
    const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'keys', 'rewrap', '--data', folder], { stdio: 'ignore' });
    const ended = once(running, 'close');
    await sleep(after);
    running.kill('SIGKILL');
    await ended;
  }
  if (existsSync(join(folder, 'master.key.next'))) expect(await refusal(folder)).toContain('annals keys rewrap');
  expect((await annals(['keys', 'rewrap', '--data', folder])).code).toBe(0);
  expect(existsSync(join(folder, 'master.key.next'))).toBe(false);
  expect(await saidBy(folder)).toBe(said);
});

test.each([
  ['before any key', false, {}],
  ['when all keys were wrapped', true, {}],
  ['when all keys were wrapped, and gone on with to a third key', true, { ANNALS_NEW_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }],
] as const)('ended %s, no server starts until it is repeated', async (_when, wrapped, environment) => {
  const { folder, said } = await used();
  const [draft, next] = [join(folder, 'master.key.next'), randomBytes(32)];
  const before = Buffer.from(readFileSync(join(folder, 'master.key'), 'utf8'), 'base64');
  expect(placeSecret(draft, next)).toBe(true);
  if (wrapped) rewrapSqliteVault({ folder, from: [before], to: next });
  expect(await refusal(folder)).toContain('repeat `annals keys rewrap`');
  expect(await annals(['keys', 'rewrap', '--data', folder], environment)).toMatchObject({ code: 0, err: '' });
  const wanted = 'ANNALS_NEW_MASTER_KEY' in environment ? environment.ANNALS_NEW_MASTER_KEY : next.toString('base64');
  expect(readFileSync(join(folder, 'master.key'), 'utf8').trim()).toBe(wanted);
  expect(existsSync(draft)).toBe(false);
  expect(await saidBy(folder)).toBe(said);
});

test('a key that is set is replaced by one that is set, in either alphabet', async () => {
  const [before, after] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64url')];
  const { folder, said } = await used({ RINI_API_MASTER_KEY: before });
  const rewrap = (environment: Readonly<Record<string, string>>) => annals(['keys', 'rewrap', '--data', folder], environment);
  expect(await rewrap({ RINI_API_MASTER_KEY: before })).toMatchObject({ code: 1, err: expect.stringContaining('set ANNALS_NEW_MASTER_KEY') });
  const short = await rewrap({ RINI_API_MASTER_KEY: before, ANNALS_NEW_MASTER_KEY: 'c2hvcnQ=' });
  expect(short).toMatchObject({ code: 1, err: expect.stringContaining('exactly 32 bytes') });
  expect(short.err).not.toContain('c2hvcnQ=');
  const wrong = await rewrap({ RINI_API_MASTER_KEY: randomBytes(32).toString('base64'), ANNALS_NEW_MASTER_KEY: after });
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('another master key') });
  const done = await rewrap({ RINI_API_MASTER_KEY: before, ANNALS_NEW_MASTER_KEY: after });
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining('Set RINI_API_MASTER_KEY to the new key now') });
  expect(await refusal(folder, { RINI_API_MASTER_KEY: before })).toContain('another master key');
  expect(await saidBy(folder, { RINI_API_MASTER_KEY: after })).toBe(said);
});

test('beside a running server it is refused', async () => {
  const folder = newFolder();
  const server = await startOn(folder);
  const key = readFileSync(join(folder, 'master.key'));
  expect((await annals(['keys', 'rewrap', '--data', folder])).code).toBe(1);
  expect(await server.kill('SIGTERM')).toBe(0);
  expect(readFileSync(join(folder, 'master.key')).equals(key)).toBe(true);
  expect(await annals(['keys', 'rewrap', '--data', newFolder()])).toMatchObject({ code: 1, err: expect.stringContaining('no key vault') });
});
