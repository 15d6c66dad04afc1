import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../e2e/process/processes.ts';
import { type Cluster, startCluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { describeWith, ownDatabase } from './servers.ts';

/** Five seconds on servers that keep up; the one in place of MongoDB is given twice as long. */
const OUT_MS = 10_000;

describeWith(['MONGODB_URL'], 'people who come to several nodes', () => {
  let eventStore: TestServer;
  let cluster: Cluster;
  const node = (index: number): string => cluster.nodes.filter(({ role }) => role === 'api')[index]?.url ?? '';
  beforeAll(async () => {
    const started = await startEventStoreDouble();
    if ('unavailable' in started) throw new Error(started.unavailable);
    eventStore = started;
    const mongoUrl = ownDatabase();
    cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl }, ['api', 'api', 'workers']);
  });
  afterAll(async () => {
    await cluster?.close();
    await eventStore?.close();
  });

  const registered = async (): Promise<{ id: string; headers: Record<string, string> }> => {
    const { json } = await call(node(0), 'POST', '/users/', {});
    return { id: json.id, headers: { authorization: `Bearer ${json.access_token}` } };
  };
  const streamOf = async (headers: Record<string, string>): Promise<Promise<'ended'>> => {
    const response = await fetch(`${node(1)}/api/events`, { headers });
    expect(response.status).toBe(200);
    return response.text().then(
      () => 'ended' as const,
      () => 'ended' as const,
    );
  };

  test.each([
    ['disabled', (id: string) => call(node(0), 'POST', `/api/people/${id}/disable`, {})],
    ['signed out', (id: string) => call(node(0), 'POST', `/api/people/${id}/sign-out`, {})],
  ] as const)('who is %s on one is out on the other, streams and all', async (_what, shutOut) => {
    const { id, headers } = await registered();
    await until(async () => (await call(node(1), 'GET', '/api/me', undefined, headers)).status === 200);
    const { ended } = { ended: streamOf(headers) };
    await sleep(1100);
    expect((await shutOut(id)).status).toBe(200);
    expect(await Promise.race([ended.then((text) => text), sleep(OUT_MS, 'still there')])).toBe('ended');
    expect((await call(node(1), 'GET', '/api/me', undefined, headers)).status).toBe(401);
  });
});
