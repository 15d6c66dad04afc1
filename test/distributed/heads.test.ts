import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { annals, call, chat, cleanUp, newFolder, startOn } from '../e2e/process/processes.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { describeWith, ownDatabase } from './servers.ts';

describeWith(['MONGODB_URL'], 'heads of a log on servers', () => {
  cleanUp();
  const doubles: TestServer[] = [];
  afterAll(() => Promise.all(doubles.map((double) => double.close())));

  const headsOf = async (url: string): Promise<{ heads: { size: number }[]; publicKey: string }> => (await call(url, 'GET', '/api/audit/heads')).json;
  const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n');

  test('go on from those of the data folder that was moved there, and verify holds the log against them', { timeout: 240_000 }, async () => {
    const [folder, cwd] = [newFolder(), newFolder()];
    const home = await startOn(folder, { ANNALS_HEADS_EVERY: '50' });
    await chat(home.url, '/echo at home');
    await until(async () => (await headsOf(home.url)).heads.length > 0);
    const { publicKey } = await headsOf(home.url);
    expect(await home.kill('SIGTERM'), home.output()).toBe(0);

    const double = await startEventStoreDouble();
    if ('unavailable' in double) throw new Error(double.unavailable);
    doubles.push(double);
    const moved = await annals(['migrate', '--from', `sqlite:${folder}`, '--to', double.url], { MONGODB_URL: ownDatabase() }, cwd);
    expect(moved.code, moved.err + moved.out).toBe(0);
    const environment = parseEnv(readFileSync(join(cwd, 'annals.env'), 'utf8')) as Record<string, string>;
    const file = join(folder, 'heads.jsonl');
    const before = linesOf(file).length;
    const first = await annals(['verify', '--heads', file], environment, cwd);
    expect(first, first.out).toMatchObject({ code: 0, out: expect.stringContaining(`every revision is right, and so are ${before} exported heads`) });
    expect(first.out).toContain(publicKey);

    const settings = { ...environment, ANNALS_HEADS_FILE: file, ANNALS_HEADS_EVERY: '50' };
    const server = await startOn(newFolder(), settings);
    const size = JSON.parse(linesOf(file).at(-1) ?? '').size;
    await chat(server.url, '/echo on servers');
    await until(async () => ((await headsOf(server.url)).heads[0]?.size ?? 0) > size + 5);
    expect((await headsOf(server.url)).publicKey).toBe(publicKey);
    const [latest, ...earlier] = (await headsOf(server.url)).heads;
    const consistency = await call(server.url, 'GET', `/api/audit/consistency?from=${earlier.at(-1)?.size}&to=${latest?.size}`);
    expect(consistency).toMatchObject({ status: 200, json: { path: expect.any(Array) } });
    const search = async (query: string) => (await call(server.url, 'GET', `/api/audit?${query}`)).json;
    const started = 'person=person_local&action=ConversationStarted';
    await until(async () => (await search(started)).entries.length === 2);
    const page = await search(`${started}&limit=1`);
    expect([...page.entries, ...(await search(`${started}&cursor=${page.next}`)).entries]).toEqual((await search(started)).entries);
    expect((await search(`${started}&after=${'0'.repeat(20)}`)).entries).toEqual((await search(started)).entries.toReversed());
    expect(await server.kill('SIGTERM'), server.output()).toBe(0);
    expect(linesOf(file).length).toBeGreaterThan(before);

    const byFile = await annals(['verify'], settings, cwd);
    expect(byFile, byFile.out).toMatchObject({ code: 0, out: expect.stringContaining('exported heads') });
    const byDatabase = await annals(['verify'], environment, cwd);
    expect(byDatabase, byDatabase.out).toMatchObject({ code: 0, out: expect.stringContaining('exported heads') });
    const other = await annals(['verify', '--key', Buffer.alloc(32, 7).toString('base64')], environment, cwd);
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining('has not been signed with the key') });
    // The data folder's log ends before the later heads: to them it is a log that was cut.
    const left = await annals(['verify', '--data', folder, '--heads', file], {}, cwd);
    expect(left).toMatchObject({ code: 1, out: expect.stringContaining('it has been cut') });
  });
});
