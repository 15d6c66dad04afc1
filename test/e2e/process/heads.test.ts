import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { annals, call, chat, cleanUp, copyOf, newFolder, startOn, until } from './processes.ts';

cleanUp();

test('heads are exported outside the folder, and verify finds by them what leaves no other trace', async () => {
  const [folder, outside] = [newFolder(), join(newFolder(), 'heads.jsonl')];
  const settings = { ANNALS_HEADS_FILE: outside, ANNALS_HEADS_EVERY: '50' };
  const server = await startOn(folder, settings);
  await chat(server.url, '/echo an answer');
  const heads = async () => (await call(server.url, 'GET', '/api/audit/heads')).json;
  await until(async () => (await heads()).heads[0]?.size > 5);
  const { publicKey } = await heads();
  const beside = await annals(['verify', '--data', folder], settings);
  expect(beside, beside.out).toMatchObject({ code: 0, out: expect.stringContaining(`exported heads, the last over`) });
  expect(beside.out).toContain(publicKey);
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);

  const verify = (data: string, ...more: string[]) => annals(['verify', '--data', data, '--heads', outside, ...more]);
  expect(await verify(folder)).toMatchObject({ code: 0, err: '' });
  expect(await verify(folder, '--key', publicKey)).toMatchObject({ code: 0, err: '' });
  expect(await verify(folder, '--key', Buffer.alloc(32, 7).toString('base64'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('has not been signed with the key'),
  });
  expect(await verify(folder, '--key', 'nonsense')).toMatchObject({ code: 1, err: expect.stringContaining('not the base64 of the 32 bytes') });

  const { size } = JSON.parse(readFileSync(outside, 'utf8').trim().split('\n').at(-1) ?? '');
  const cut = copyOf(folder);
  const database = new DatabaseSync(join(cut, 'events.db'));
  database.exec(`DROP TRIGGER events_stay; DELETE FROM events WHERE position >= ${size}`);
  database.exec("UPDATE sqlite_sequence SET seq = (SELECT max(position) FROM events) WHERE name = 'events'");
  database.close();
  expect(await verify(cut)).toMatchObject({ code: 1, out: expect.stringMatching(/it has been cut: \d+ events are left of the head over/) });
  const again = await startOn(cut, settings);
  // What it takes over makes the log grow again, so it says one thing or the other.
  await until(() => again.output().includes('No head is signed over it'));
  expect((await call(again.url, 'GET', '/api/audit/heads')).json.problem).toContain('No head is signed over it');
  expect(await again.kill('SIGTERM'), again.output()).toBe(0);
});

test('without a setting heads lie in the data folder, erasing changes nothing of them, and a file that is named must be there', async () => {
  const folder = newFolder();
  const server = await startOn(folder, { ANNALS_HEADS_EVERY: '20' });
  const { conversationId } = await chat(server.url, '/echo an answer');
  const heads = async () => (await call(server.url, 'GET', '/api/audit/heads')).json.heads;
  await until(async () => (await heads()).length > 0);
  const [{ size }] = await heads();
  expect((await call(server.url, 'DELETE', `/api/conversations/${conversationId}?forever=true`)).status).toBe(200);
  await until(async () => (await heads())[0].size > size);
  expect(await server.kill('SIGKILL')).not.toBe(0);
  const whole = await annals(['verify', '--data', folder]);
  expect(whole, whole.out).toMatchObject({ code: 0, out: expect.stringContaining('exported heads') });
  const missing = await annals(['verify', '--data', folder, '--heads', join(folder, 'none')]);
  expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/none does not exist: name the file/) });
  writeFileSync(join(folder, 'heads.jsonl'), 'no head\n', { flag: 'a' });
  expect(await annals(['verify', '--data', folder])).toMatchObject({ code: 1, out: expect.stringContaining('is no head') });
});
