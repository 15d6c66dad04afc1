import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, test } from 'vitest';
import { openSqliteEventStore } from '../../../src/adapters/event-store/sqlite.ts';
import { annals, call, chat, cleanUp, contentsOf, copyOf, newFolder, refusal, startOn, textsOf } from './processes.ts';

cleanUp();
let used: string;

beforeAll(async () => {
  used = newFolder();
  const server = await startOn(used);
  await chat(server.url, '/echo an answer\nA question');
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
});

/** It refuses in one sentence, and what was there is there as it was. */
async function refusesUntouched(folder: string, environment: Record<string, string> = {}, args: readonly string[] = []): Promise<string> {
  const before = contentsOf(folder);
  const said = await refusal(folder, environment, args);
  expect(contentsOf(folder)).toEqual(before);
  return said;
}

test('a port in use is named, and the folder is left as it is', async () => {
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  try {
    expect(await refusesUntouched(copyOf(used), {}, ['--port', port])).toContain(
      `Port ${port} of 127.0.0.1 is in use: stop what listens there, or take another one with --port`,
    );
  } finally {
    other.close();
  }
});

test('a second server on the same folder is refused, and the first goes on', async () => {
  const folder = copyOf(used);
  const first = await startOn(folder);
  expect(await refusal(folder)).toMatch(/Another Annals runs on .*: stop it, or give this one another folder/);
  expect((await call(first.url, 'GET', '/api/conversations')).json.conversations).toHaveLength(1);
  await first.kill('SIGKILL');
  const next = await startOn(folder);
  expect(await next.kill('SIGTERM')).toBe(0);
});

test('an unknown setting is named together with those there are', async () => {
  expect(await refusesUntouched(copyOf(used), { ANNALS_PROT: '1' })).toMatch(/There is no setting ANNALS_PROT\. The settings are: .*ANNALS_PORT/);
});

test('another master key is refused', async () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  expect(await refusesUntouched(copyOf(used), { RINI_API_MASTER_KEY: key })).toMatch(
    /keys\.db was made with another master key: start with the key it was made with/,
  );
});

test('a lost master key is not made anew', async () => {
  const folder = copyOf(used);
  rmSync(join(folder, 'master.key'));
  expect(await refusesUntouched(folder)).toMatch(/master\.key is missing.*put it back from its backup/);
});

test('a lost vault is not made anew', async () => {
  const folder = copyOf(used);
  rmSync(join(folder, 'keys.db'));
  expect(await refusesUntouched(folder)).toMatch(/keys\.db is missing.*put it back from its backup/);
});

test.each(['keys.db', 'views.db'])('a lost log is not begun anew while there is %s', async (left) => {
  const folder = copyOf(used);
  rmSync(join(folder, 'events.db'));
  for (const name of ['keys.db', 'views.db', 'state.db']) if (name !== left) rmSync(join(folder, name));
  expect(await refusesUntouched(folder)).toMatch(/events\.db is missing.*put it back from its backup/);
});

test('a secret that others may read is refused', async () => {
  const folder = copyOf(used);
  for (const name of ['master.key', 'installation.secret']) {
    chmodSync(join(folder, name), 0o640);
    expect(await refusesUntouched(folder)).toContain(`chmod 600 ${join(folder, name)}`);
    chmodSync(join(folder, name), 0o600);
  }
});

test.each(['events.db', 'keys.db'])('%s with a damaged first page is refused', async (name) => {
  const folder = copyOf(used);
  damage(join(folder, name), 1);
  expect(await refusesUntouched(folder)).toMatch(new RegExp(`${name} is damaged \\([^\\n]+\\): .*(restore it from a|from its) backup`));
});

test.each([
  ['events.db', 'events'],
  ['keys.db', 'keys'],
])('%s with a damaged page of its rows is refused', async (name, table) => {
  const folder = copyOf(used);
  damage(join(folder, name), rootOf(join(folder, name), table));
  expect(await refusesUntouched(folder)).toMatch(new RegExp(`${name} is damaged \\([^\\n]+\\): .*backup`));
});

test('an event that was changed in the file is refused, named by its place', async () => {
  const folder = copyOf(used);
  const database = new DatabaseSync(join(folder, 'events.db'));
  database.exec("DROP TRIGGER events_stay_as_they_are; UPDATE events SET data = replace(data, 'thread_', 'thread_x') WHERE position = 2");
  database.close();
  expect(await refusesUntouched(folder)).toMatch(/events\.db is damaged \(at position 2 .*annals verify/);
});

test('damaged views, places of reactions and live log are set aside or begun anew, each in one sentence, and the log is left as it is', async () => {
  const folder = copyOf(used);
  const log = readFileSync(join(folder, 'events.db'));
  for (const name of ['views.db', 'state.db', 'live.db']) damage(join(folder, name), 1);
  const damaged = readFileSync(join(folder, 'views.db'));
  const server = await startOn(folder);
  const [conversation] = (await call(server.url, 'GET', '/api/conversations')).json.conversations;
  expect(textsOf(await call(server.url, 'GET', `/api/conversations/${conversation.id}/messages`))).toContain('an answer');
  const said = server.output().split('\n');
  expect(said.filter((line) => line.includes('live log was begun anew'))).toHaveLength(1);
  for (const name of ['views.db', 'state.db']) {
    const asides = said.flatMap((line) => new RegExp(`now (${name}\\.damaged-[^:]+):`).exec(line)?.[1] ?? []);
    expect(asides, server.output()).toHaveLength(1);
    if (name === 'views.db') expect(readFileSync(join(folder, asides[0] ?? ''))).toEqual(damaged);
  }
  expect(await server.kill('SIGTERM')).toBe(0);
  expect(readFileSync(join(folder, 'events.db'))).toEqual(log);
});

test('views that turn out damaged while they are read are built anew behind 503, and then answer', async () => {
  const folder = copyOf(used);
  const database = new DatabaseSync(join(folder, 'views.db'), { readOnly: true });
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  const catalog = rootOf(join(folder, 'views.db'), 'collections');
  database.close();
  for (let page = 2; page <= pages; page++) if (page !== catalog) damage(join(folder, 'views.db'), page);
  const server = await startOn(folder);
  const statuses = new Set<number>();
  for (let status = 0; status !== 200; statuses.add(status)) status = (await call(server.url, 'GET', '/api/conversations')).status;
  expect(
    [...statuses].every((status) => [200, 503].includes(status)),
    [...statuses].join(),
  ).toBe(true);
  expect((await call(server.url, 'GET', '/api/conversations')).json.conversations).toHaveLength(1);
  expect(server.output()).toContain('the views are built anew');
  expect(await server.kill('SIGTERM'), server.output()).toBe(0);
});

test('an older log under newer views begins a new epoch: views are built anew, and places handed out before are gone', async () => {
  const folder = copyOf(used);
  const server = await startOn(folder);
  await chat(server.url, 'This will be lost');
  const list = await fetch(`${server.url}/api/conversations`);
  const etag = list.headers.get('annals-position') ?? '';
  expect(etag).toMatch(/\./);
  expect(await server.kill('SIGTERM')).toBe(0);
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `events.db${suffix}`), { force: true });
  cpSync(join(used, 'events.db'), join(folder, 'events.db'));
  const again = await startOn(folder);
  expect(again.output()).toContain('the log is older than the views');
  expect((await call(again.url, 'GET', '/api/conversations')).json.conversations).toHaveLength(1);
  expect((await call(again.url, 'GET', `/api/events?after=${etag}`)).status).toBe(410);
  expect(await again.kill('SIGTERM')).toBe(0);
});

test('a page damaged deep in the log fails the reads that meet it, by name, while the rest works; verify finds it', async () => {
  const folder = copyOf(used);
  const store = await openSqliteEventStore({ folder });
  const metadata = {
    $correlationId: 'c',
    $causationId: 'c',
    commandId: 'c',
    commandHash: '',
    actor: 'person_local',
    subject: 'person_local',
    time: new Date().toISOString(),
  };
  const later = Array.from({ length: 1500 }, () => ({ id: randomUUID(), type: 'Padded', version: 1, data: {}, metadata: { ...metadata } }));
  expect(await store.append('padding-1', later as never, 'noStream')).toMatchObject({ ok: true });
  await store.close();
  const server = await startOn(folder);
  const [{ id }] = (await call(server.url, 'GET', '/api/conversations')).json.conversations;
  expect(await server.kill('SIGTERM')).toBe(0);
  const bytes = readFileSync(join(folder, 'events.db'));
  const sealed = /"c":"([^"]+)"/.exec((await annals(['log', id, '--json', '--data', folder])).out)?.[1] ?? '';
  damage(join(folder, 'events.db'), Math.floor(bytes.indexOf(sealed) / bytes.readUInt16BE(16)) + 1);

  const again = await startOn(folder);
  const met = await call(again.url, 'GET', `/api/conversations/${id}/events`);
  expect(met.status).toBeGreaterThanOrEqual(500);
  expect(again.output()).toMatch(/events\.db is damaged/);
  expect((await call(again.url, 'GET', '/api/conversations')).status).toBe(200);
  expect((await chat(again.url, '/echo all is well')).streamed).toContain('completed');
  const verified = await annals(['verify', '--data', folder]);
  expect(verified.code).toBe(1);
  expect(verified.out).toMatch(/at \d+: cannot be read/);
  expect(await again.kill('SIGTERM'), again.output()).toBe(0);
});

test('a folder that cannot be made is named', async () => {
  const file = join(newFolder(), 'a-file');
  writeFileSync(file, '');
  const { code, err } = await annals(['start', '--port', '0', '--data', join(file, 'data')]);
  expect(err).toMatch(/^annals: The data folder \S+ cannot be made \([^\n]+\): name another one with --data\.\n$/);
  expect(code).toBe(1);
  expect(existsSync(join(file, 'data'))).toBe(false);
});

function rootOf(file: string, table: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table);
  database.close();
  return Number(row?.rootpage);
}

/** Fills a page with noise, as a disk would that gives back another one's sector. */
function damage(file: string, page: number): void {
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  const bytes = readFileSync(file);
  const size = bytes.readUInt16BE(16) === 1 ? 65536 : bytes.readUInt16BE(16) || 4096;
  bytes.fill(0xa5, (page - 1) * size, Math.min(bytes.length, page * size));
  writeFileSync(file, bytes);
}
