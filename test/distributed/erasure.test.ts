import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMongo } from '../../src/adapters/mongo/connection.ts';
import { findTexts } from '../e2e/process/canaries.ts';
import { call } from '../e2e/process/processes.ts';
import { openHouse } from '../erasure/house.ts';
import { type Outside, startOutside } from '../erasure/outside.ts';
import { seenBy, settle } from '../erasure/world.ts';
import { type Cluster, startCluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import { startMongoServer } from '../servers/mongodb/index.ts';
import type { StartTestServer, TestServer } from '../servers/test-server.ts';
import { describeWith } from './servers.ts';

const THREADS = 2;
/** For what takes five seconds on servers that keep up. */
const PATIENCE = { timeout: 60_000 };

async function started(start: StartTestServer): Promise<TestServer> {
  const server = await start();
  if ('unavailable' in server) throw new Error(server.unavailable);
  return server;
}

describeWith(['MONGODB_URL'], 'erasing a person on servers', () => {
  const outside = mkdtempSync(join(tmpdir(), 'annals-outside-'));
  let eventStore: TestServer;
  let around: Outside;
  let cluster: Cluster;
  let mongo: TestServer;
  const node = (index: number): string => cluster.nodes.filter(({ role }) => role === 'api')[index]?.url ?? '';
  beforeAll(async () => {
    [eventStore, mongo] = (await Promise.all([startEventStoreDouble, startMongoServer].map(started))) as [TestServer, TestServer];
    around = await startOutside();
    cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl: mongo.url }, ['api', 'api', 'workers'], {
      ...around.environment,
      ANNALS_ERASURES_FILE: join(outside, 'erasures.jsonl'),
    });
  });
  afterAll(async () => {
    await cluster?.close();
    await around?.close();
    await eventStore?.close();
    await mongo?.close();
    rmSync(outside, { recursive: true, force: true });
  });

  test('shuts them out on every node, destroys every key, keeps every word of the neighbour, and holds when the database is put back', {
    timeout: 400_000,
  }, async () => {
    const house = await openHouse(node(0), around);
    const ada = await settle(house, 'ada', THREADS);
    const bob = await settle(house, 'bob', THREADS);
    const { db, close } = await openMongo(mongo.url);
    try {
      const wrappedOf = (subject: string) =>
        db
          .collection('keys')
          .find({ subject, wrapped: { $exists: true } })
          .toArray();
      const before = await wrappedOf(ada.person);
      const [his] = [(await wrappedOf(bob.person)).length];
      expect(before.length).toBeGreaterThan(THREADS);
      const headers = { authorization: `Bearer ${ada.token}` };
      const { status, json } = await call(node(0), 'POST', '/api/me/erase', { confirm: 'delete my account' }, headers);
      expect(status, JSON.stringify(json)).toBe(202);
      await until(async () => (await call(node(1), 'GET', '/api/me', undefined, headers)).status === 401);
      await expect.poll(async () => (await call(node(1), 'GET', `/api/erasures/${json.jobId}`)).json.status, PATIENCE).toBe('succeeded');
      expect(await wrappedOf(ada.person)).toEqual([]);
      expect((await wrappedOf(bob.person)).length).toBe(his);
      expect(await seenBy(node(1), bob, 60_000)).toEqual(bob.readable);
      expect(await seenBy(node(1), ada, 1000)).toEqual([]);
      for (const { folder } of [eventStore, mongo]) expect(findTexts(folder, [ada.marker, bob.marker])).toEqual([]);
      for (const { output } of cluster.nodes) expect(output()).not.toContain('kanari');

      // The database as a backup from before has it, beside the list that is kept outside.
      await Promise.all(cluster.nodes.map(({ kill }) => kill('SIGKILL')));
      for (const { _id, wrapped } of before) await db.collection('keys').updateOne({ _id }, { $set: { wrapped } });
      await db.collection<{ _id: string }>('destroyed').deleteOne({ _id: `subject ${ada.person}` });
      await db.collection('erasures').deleteMany({});
      await db.collection('vault').deleteOne({ _id: 'mark' as never });
      expect(await wrappedOf(ada.person)).toHaveLength(before.length);
      const again = await cluster.start('all');
      expect(await wrappedOf(ada.person)).toEqual([]);
      expect(await db.collection('erasures').countDocuments({ name: ada.person })).toBe(1);
      expect((await call(again.url, 'GET', '/api/me', undefined, headers)).status).toBe(401);
      expect(await seenBy(again.url, bob, 60_000)).toEqual(bob.readable);
    } finally {
      await close();
    }
  });
});
