import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import { openEventStoreDb } from '../../src/adapters/event-store/eventstoredb.ts';
import { openMongo } from '../../src/adapters/mongo/connection.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { leaf } from '../../src/main/migrate/log.ts';
import { requireFinished } from '../../src/main/migrate/unfinished.ts';
import { readReactionPlaces } from '../../src/workers/reaction-places.ts';
import { shardsOf } from '../../src/workers/shard.ts';
import { annals, call, cleanUp, contentsOf, copyOf, type Ended, filesOf, newFolder, startOn } from '../e2e/process/processes.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { allOf, eventsIn, liveThrough, type Story, seen } from './migrate-story.ts';
import { describeWith, ownDatabase } from './servers.ts';

const main = new URL('../../src/main.js', import.meta.url).pathname;

/** Each starts servers and processes one after the other. */
const SLOW_MS = 400_000;

describeWith(['MONGODB_URL'], 'moving an installation', () => {
  cleanUp();
  let story: Story;
  const doubles: TestServer[] = [];
  beforeAll(async () => {
    story = await liveThrough();
  });
  afterAll(async () => {
    await Promise.all(doubles.map((double) => double.close()));
  });

  interface Place {
    readonly eventStore: string;
    readonly mongo: string;
    /** Where the command is called. */
    readonly cwd: string;
  }
  async function newPlace(): Promise<Place> {
    const double = await startEventStoreDouble();
    if ('unavailable' in double) throw new Error(double.unavailable);
    doubles.push(double);
    return { eventStore: double.url, mongo: ownDatabase(), cwd: newFolder() };
  }
  const there = (folder: string, { eventStore, mongo, cwd }: Place, environment = {}): Promise<Ended> =>
    annals(['migrate', '--from', `sqlite:${folder}`, '--to', eventStore], { MONGODB_URL: mongo, ...environment }, cwd);
  const envOf = ({ cwd }: Place): Record<string, string> => parseEnv(readFileSync(join(cwd, 'annals.env'), 'utf8')) as Record<string, string>;
  const withoutIndex = (contents: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(contents).filter(([name]) => !/-(wal|shm)$/.test(name)));
  const logOf = async ({ eventStore }: Place) => {
    const store = await openEventStoreDb({ url: eventStore });
    return allOf(store).finally(() => store.close());
  };
  const endOfLog = async ({ eventStore }: Place) => {
    const store = await openEventStoreDb({ url: eventStore });
    return Promise.all([store.epoch(), store.head()])
      .then(([epoch, last]) => ({ epoch, last }))
      .finally(() => store.close());
  };
  const likeness = (event: Parameters<typeof leaf>[0]): string => leaf(event).toString('hex');

  test('brings it to servers as it is, there it goes on, and back again', { timeout: SLOW_MS }, async () => {
    const source = copyOf(story.folder);
    const here = await startOn(source);
    const known = await seen(here.url, story);
    expect(known).toMatchObject({ forgotten: 404, parked: { parked: [{ reaction: 'title' }] } });
    expect(await here.kill('SIGTERM')).toBe(0);
    const events = await eventsIn(source);
    const before = withoutIndex(contentsOf(source));

    const place = await newPlace();
    const moved = await there(source, place);
    expect(moved.code, moved.err + moved.out).toBe(0);
    expect(moved.out).toMatch(/all is there, and the same on both sides/);
    expect(withoutIndex(contentsOf(source))).toEqual(before);
    expect((await logOf(place)).map(likeness)).toEqual(events.map(likeness));
    const environment = envOf(place);
    expect(statSync(join(place.cwd, 'annals.env')).mode & 0o777).toBe(0o600);
    for (const name of ['RINI_API_MASTER_KEY', 'ANNALS_JWT_SECRET']) {
      expect(environment[name]?.length).toBeGreaterThan(31);
      expect(moved.out + moved.err).not.toContain(environment[name]);
    }

    const connection = await openMongo(place.mongo);
    const state = await openMongoDocumentStore({ connection, prefix: 'state.' });
    const { epoch, last } = await endOfLog(place);
    const places = await Promise.all(shardsOf(8).map(async (shard) => (await readReactionPlaces(state, shard, epoch)).get('title')));
    expect(places).toEqual(Array.from({ length: 8 }, () => last));
    await requireFinished(connection);
    await connection.close();

    const server = await startOn(newFolder(), environment);
    // Views answer once somebody writes them again.
    await vi.waitFor(async () => expect(await seen(server.url, story)).toEqual(known), { timeout: 30_000 });
    expect(Buffer.from(await (await fetch(`${server.url}/api/files/${story.fileId}/content`)).arrayBuffer()).equals(story.fileBytes)).toBe(true);
    expect((await call(server.url, 'GET', '/api/conversations', undefined, { 'if-min-position': story.position })).status).toBe(410);
    expect((await call(server.url, 'GET', `/api/events?after=${story.position}`)).status).toBe(410);
    expect((await call(server.url, 'GET', '/api/events', undefined, { 'last-event-id': story.position })).status).toBe(410);
    // Whatever reactions did again, or anew, would be an event.
    const doings = (log: readonly RecordedEvent[]): string[] =>
      log.filter(({ type }) => type !== 'AccessRefused').map(({ type, stream }) => `${type} ${stream}`);
    expect(doings(await logOf(place))).toEqual(doings(events));

    const { runId, approvalId, conversationId } = story.waiting;
    expect((await call(server.url, 'POST', `/api/runs/${runId}/approvals/${approvalId}`, { approved: true })).status).toBe(200);
    await until(async () => (await call(server.url, 'GET', `/api/runs/${runId}`)).json.status === 'completed');
    expect((await call(server.url, 'POST', `/api/parked/title/${story.parkedEvent}/unpark`)).status).toBe(200);
    await until(async () => (await call(server.url, 'GET', '/api/parked')).json.parked.length === 0);
    expect((await call(server.url, 'DELETE', `/api/conversations/${conversationId}?forever=true`)).status).toBe(200);
    await until(async () => (await logOf(place)).at(-1)?.type !== undefined);
    const after = await seen(server.url, story);
    expect(await server.kill('SIGTERM'), server.output()).toBe(0);

    const folder = join(place.cwd, 'data2');
    const backThere = ['migrate', '--from', place.eventStore, '--mongodb', place.mongo, '--to', 'sqlite:./data2'];
    expect((await annals(backThere, {}, place.cwd)).err).toContain('set RINI_API_MASTER_KEY');
    expect(existsSync(folder)).toBe(false);
    const back = await annals(backThere, { RINI_API_MASTER_KEY: environment.RINI_API_MASTER_KEY ?? '' }, place.cwd);
    expect(back.code, back.err + back.out).toBe(0);
    expect(filesOf(folder).filter((file) => /(-wal|-shm|lock\.db)$/.test(file))).toEqual([]);
    expect((await eventsIn(folder)).map(likeness)).toEqual((await logOf(place)).map(likeness));
    const home = await startOn(folder);
    expect(await seen(home.url, story)).toEqual(after);
    expect((await call(home.url, 'GET', '/api/conversations', undefined, { 'if-min-position': story.position })).status).toBe(410);
    expect(await home.kill('SIGTERM'), home.output()).toBe(0);
    expect((await annals(['verify', '--data', folder])).code).toBe(0);
  });

  test('goes on where it was, whenever it is killed, under another master key, and back', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(story.folder);
    const events = await eventsIn(folder);
    const place = await newPlace();
    const masterKey = { RINI_API_MASTER_KEY: randomBytes(32).toString('base64') };
    const out = ['migrate', '--from', `sqlite:${folder}`, '--to', place.eventStore, '--mongodb', place.mongo];
    await insist(out, place.cwd, masterKey);
    expect((await logOf(place)).map(likeness)).toEqual(events.map(likeness));
    expect(envOf(place)).toMatchObject(masterKey);
    const set = { ...envOf(place), EVENTSTORE_URL: place.eventStore };
    const elsewhere = newFolder();
    expect((await annals(out, set, elsewhere)).code).toBe(0);
    expect(existsSync(join(elsewhere, 'annals.env'))).toBe(false);
    const home = ['migrate', '--to', 'sqlite:./home', '--from', place.eventStore, '--mongodb', place.mongo];
    await insist(home, place.cwd, envOf(place));
    expect((await eventsIn(join(place.cwd, 'home'))).map(likeness)).toEqual(events.map(likeness));
    const server = await startOn(join(place.cwd, 'home'));
    expect(await seen(server.url, story)).toMatchObject({ told: expect.stringContaining('Kept for ever'), forgotten: 404, run: 'waiting' });
    expect(await server.kill('SIGTERM'), server.output()).toBe(0);
  });

  /** Kills the command soon after it has said each of these, then lets it come to its end. */
  async function insist(args: readonly string[], cwd: string, environment: Readonly<Record<string, string>>): Promise<void> {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ANNALS_|RINI_|EVENTSTORE_|MONGODB_|VITEST)/.test(name)));
    for (const moment of [/: from /, /: from /, /has been copied/, /: log: /, /: files: /, undefined]) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
        env: { ...clean, ...environment },
        cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      const reached = Promise.withResolvers<void>();
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (moment?.test(said)) reached.resolve();
        });
      const closed = once(child, 'close');
      await Promise.race([closed, reached.promise.then(() => sleep(Math.random() * 100))]);
      if (moment) child.kill('SIGKILL');
      await closed;
      expect(moment ? child.signalCode : child.exitCode, said).toBe(moment ? 'SIGKILL' : 0);
    }
  }

  test('says and exits with 1 when a view is not the same', { timeout: SLOW_MS }, async () => {
    const place = await newPlace();
    const folder = copyOf(story.folder);
    expect((await there(folder, place)).code).toBe(0);
    expect((await there(folder, place)).out).toContain('events that were there');
    const connection = await openMongo(place.mongo);
    await connection.db.collection('view.claims@1').insertOne({ _id: 'd:stray' as never });
    const { name } = (await connection.db.listCollections().toArray()).find((each) => each.name.startsWith('view.conversations@')) ?? { name: '' };
    const removed = await connection.db.collection(name).deleteOne({ title: { $exists: true } });
    await connection.db.collection('view.claims@1').deleteOne({ _id: 'd:stray' as never });
    const found = await there(folder, place);
    expect([found.code, removed.deletedCount], found.out).toEqual([1, 1]);
    expect(found.out).toMatch(/NOT THE SAME: view conversations/);
    await expect(requireFinished(connection)).rejects.toThrow(/being moved/);
    await connection.close();
  });

  test('refuses whatever is in the way before anything is changed', { timeout: SLOW_MS }, async () => {
    const place = await newPlace();
    const folder = copyOf(story.folder);
    const refused = async (from: string, where: Place, environment = {}): Promise<string> => {
      const { code, err, out } = await there(from, where, environment);
      expect([code, err.split('\n').length], err + out).toEqual([1, 2]);
      return err;
    };
    expect(await refused(newFolder(), place)).toContain('There is no log in');
    expect(await refused(folder, place, { MONGODB_URL: '' })).toContain('--mongodb or MONGODB_URL');
    const running = await startOn(folder);
    expect(await refused(folder, place)).toContain('Another Annals runs on');
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(await logOf(place)).toEqual([]);

    expect((await there(folder, place)).code).toBe(0);
    const events = (await logOf(place)).length;
    const stranger = newFolder();
    const other = await startOn(stranger);
    await call(other.url, 'POST', '/api/conversations', {});
    expect(await other.kill('SIGTERM')).toBe(0);
    expect(await refused(stranger, place)).toMatch(/annals\.env is there already/);
    const masterKey = readFileSync(join(folder, 'master.key'), 'utf8').trim();
    expect(await refused(stranger, { ...place, cwd: newFolder() }, { RINI_API_MASTER_KEY: masterKey })).toContain('another log than the source');
    expect((await logOf(place)).length).toBe(events);

    const server = await startOn(newFolder(), envOf(place));
    expect(await refused(folder, place)).toContain('Processes of Annals use these servers');
    await call(server.url, 'POST', '/api/conversations', {});
    await server.kill('SIGKILL');
    expect(await refused(folder, place)).toContain('more than the source');
    const back = await annals(['migrate', '--from', place.eventStore, '--to', `sqlite:${newFolder()}/x`], { ...envOf(place) }, place.cwd);
    expect(back.code, back.err).toBe(0);
  });
});
