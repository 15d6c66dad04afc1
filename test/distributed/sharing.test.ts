import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../e2e/process/processes.ts';
import { type Cluster, startCluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { describeWith, ownDatabase } from './servers.ts';

/** Five seconds on servers that keep up; the one in place of MongoDB is given twice as long. */
const ENDED_MS = 10_000;

describeWith(['MONGODB_URL'], 'what is shared on several nodes', () => {
  let eventStore: TestServer;
  let cluster: Cluster;
  const node = (index: number): string => cluster.nodes.filter(({ role }) => role === 'api')[index]?.url ?? '';
  beforeAll(async () => {
    const started = await startEventStoreDouble();
    if ('unavailable' in started) throw new Error(started.unavailable);
    eventStore = started;
    cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl: ownDatabase() }, ['api', 'api', 'workers']);
  });
  afterAll(async () => {
    await cluster?.close();
    await eventStore?.close();
  });

  const registered = async (): Promise<{ id: string; headers: Record<string, string> }> => {
    const { json } = await call(node(0), 'POST', '/users/', {});
    return { id: json.id, headers: { authorization: `Bearer ${json.access_token}` } };
  };

  test('is followed on another node until the share is ended on the first', async () => {
    const [ada, bob] = [await registered(), await registered()];
    const { conversationId } = (await call(node(0), 'POST', '/api/conversations', {}, ada.headers)).json;
    const parts = [{ type: 'text', text: '/call postcard {"to":"Bob"}' }];
    const { runId } = (await call(node(0), 'POST', `/api/conversations/${conversationId}/messages`, { parts }, ada.headers)).json;
    const share = `/api/conversations/${conversationId}/shares/${bob.id}`;
    expect((await call(node(0), 'PUT', share, { level: 'view' }, ada.headers)).status).toBe(200);
    // The stream of a segment that has not begun stays open for as long as it may be seen.
    const path = `/api/conversations/${conversationId}/runs/${runId}/stream?segment=5`;
    await until(async () => (await call(node(1), 'GET', `/api/conversations/${conversationId}`, undefined, bob.headers)).status === 200);
    const stream = await fetch(node(1) + path, { headers: bob.headers });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => 'ended',
      () => 'ended',
    );
    expect(await Promise.race([ended, sleep(1500, 'open')])).toBe('open');
    expect((await call(node(0), 'DELETE', share, undefined, ada.headers)).status).toBe(200);
    expect(await Promise.race([ended, sleep(ENDED_MS, 'open')])).toBe('ended');
    expect((await fetch(node(1) + path, { headers: bob.headers })).status).toBe(404);
  });
});
