import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { decodeJwt, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { annals, call, chat, cleanUp, contentsOf, copyOf, newFolder, refusal, startOn, until } from './processes.ts';

cleanUp();
const bin = fileURLToPath(new URL('../../../bin/annals.js', import.meta.url));

test('beside a running server every command works, and the owner of the folder stays its owner', async () => {
  const folder = newFolder();
  const jwtSecret = randomBytes(32).toString('hex');
  const server = await startOn(folder, { ANNALS_JWT_SECRET: jwtSecret });
  const { conversationId } = await chat(server.url, '/echo an answer');
  const run = (...args: string[]) => annals([...args, '--data', folder], { ANNALS_JWT_SECRET: jwtSecret });
  const [log, json, views, verified, rebuilt, made, nothing, nobody] = await Promise.all([
    run('log', conversationId),
    run('log', `conversation-${conversationId}`, '--json'),
    run('views'),
    run('verify'),
    run('views', 'rebuild', 'messages'),
    run('token', 'create', '--person', 'person_robot', '--days', '1'),
    run('log', 'thread_there_is_none'),
    run('views', 'rebuild', 'there-is-none'),
  ]);
  expect(log).toMatchObject({ code: 0, err: '' });
  expect(log.out).toMatch(/ 0 {2}\S+Z {2}ConversationStarted v\d+ {2}by person_local/);
  expect(log.out).not.toContain('an answer');
  const events = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => String(index)));
  expect(events.map(({ type }) => type)).toContain('MessageSent');
  expect(views.out, views.err).toMatch(/messages@\d+ +live +at \d{20} lag \d+ ms/);
  expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/verify: \d+ events, every leaf, revision and position is right/) });
  expect(rebuilt).toMatchObject({ code: 0, out: expect.stringContaining('the same bytes as before') });
  expect(nothing).toEqual({ code: 1, out: '', err: 'annals: There are no events in conversation-thread_there_is_none.\n' });
  expect(nobody).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^annals: [^\n]+\n$/) });

  expect((await annals(['views', '--data', folder])).err).toMatch(/^annals: [^\n]+ANNALS_JWT_SECRET that the server has\.\n$/);

  expect(made).toMatchObject({ code: 0, err: '' });
  const token = made.out.trim();
  const me = await call(server.url, 'GET', '/api/me', undefined, { authorization: `Bearer ${token}` });
  expect(me).toMatchObject({ status: 200, json: { id: 'person_robot' } });
  expect((await call(server.url, 'GET', '/api/me', undefined, { authorization: `Bearer ${token.slice(0, -3)}AAA` })).status).toBe(401);
  const expired = await new SignJWT({ ...decodeJwt(token), exp: Math.floor(Date.now() / 1000) - 60 })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(Buffer.from(jwtSecret));
  expect((await call(server.url, 'GET', '/api/me', undefined, { authorization: `Bearer ${expired}` })).status).toBe(401);
  expect((await run('log', 'person_robot')).out).toContain('TokenCreated');
  expect(Object.keys(contentsOf(folder))).toContain('events.db');

  expect(await refusal(folder), 'the lock is still held').toContain('Another Annals runs on');
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
});

test('without a server what needs one says so, and what reads the log works', async () => {
  const folder = newFolder();
  const server = await startOn(folder);
  const { conversationId } = await chat(server.url, '/echo an answer');
  await server.kill('SIGKILL');
  const dead = await annals(['views', '--data', folder]);
  expect(dead).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^annals: The server of \S+ does not answer at http:\S+: is it still running\?\n$/),
  });
  const none = await annals(['token', 'create', '--data', join(folder, 'no-such-folder')]);
  expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/^annals: No server runs on [^\n]+\n$/) });
  expect((await annals(['log', conversationId, '--data', folder])).code).toBe(0);
  for (const command of [['log', 'x'], ['verify']]) {
    const { code, err } = await annals([...command, '--data', join(folder, 'no-such-folder')]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^annals: \S+events\.db does not exist: [^\n]+\n$/)]);
  }
  expect(existsSync(join(folder, 'no-such-folder'))).toBe(false);

  const changed = copyOf(folder);
  const database = new DatabaseSync(join(changed, 'events.db'));
  database.exec(
    "DROP TRIGGER events_stay_as_they_are; UPDATE events SET metadata = replace(metadata, 'person_local', 'person_other') WHERE position = 1",
  );
  database.close();
  const verified = await annals(['verify', '--data', changed]);
  expect(verified).toMatchObject({ code: 1, out: expect.stringMatching(/event 0 of \S+ at 1: it is not what was stored/) });
  const whole = await annals(['verify', '--data', folder]);
  expect(whole.code, whole.out).toBe(0);
});

test('bin/annals.js starts the server with a Node that can, whatever Node runs it, and hands on signals and exit codes', async () => {
  const folder = newFolder();
  const nodes = [process.execPath, ...['/usr/bin/node', '/usr/local/bin/node'].filter((file) => existsSync(file))];
  for (const node of nodes) {
    const child = spawn(node, [bin, 'start', '--port', '0', '--data', folder], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin' } });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const exit = once(child, 'exit');
    await until(() => out.includes('http://') || child.exitCode !== null);
    child.kill('SIGTERM');
    expect(await exit, node).toEqual([0, null]);
  }
  expect(() => execFileSync(process.execPath, [bin, 'log', 'nothing', '--data', folder], { stdio: 'pipe' })).toThrow(
    /There are no events in nothing/,
  );
});
