import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, chat, textsOf } from '../e2e/process/processes.ts';
import { type Cluster, type Node, type Role, startCluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { describeWith, ownDatabase } from './servers.ts';

const layouts: readonly (readonly [string, readonly Role[]])[] = [
  ['one process', ['all']],
  ['four processes', ['api', 'api', 'workers', 'workers']],
];

describeWith(['MONGODB_URL'], 'on EventStoreDB’s protocol and MongoDB’s', () => {
  describe.each(layouts)('in %s', (_, roles) => {
    let eventStore: TestServer;
    let cluster: Cluster;
    const apis = (): Node[] => cluster.nodes.filter(({ role }) => role !== 'workers');
    const first = (): string => apis()[0]?.url ?? '';
    const last = (): string => apis().at(-1)?.url ?? '';

    beforeAll(async () => {
      const started = await startEventStoreDouble();
      if ('unavailable' in started) throw new Error(started.unavailable);
      eventStore = started;
      cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl: ownDatabase() }, roles);
      // An installation that has never run makes its collections first.
      for (const { url } of cluster.nodes) await until(async () => (await call(url, 'GET', '/health/ready')).status === 200);
    });
    afterAll(async () => {
      await cluster?.close();
      await eventStore?.close();
    });

    test('a message is answered, and every node shows it', async () => {
      const { conversationId, streamed } = await chat(first(), '/echo together');
      expect(streamed).toContain('together');
      const position = (await call(first(), 'GET', `/api/conversations/${conversationId}`)).json;
      expect(position.conversationId ?? position.id).toBe(conversationId);
      await until(async () => textsOf(await call(last(), 'GET', `/api/conversations/${conversationId}/messages`)).includes('together'));
    });

    test('a write can be waited for on the node that took it', async () => {
      const made = await call(last(), 'POST', '/api/conversations', { title: 'mine' }, { prefer: 'wait=5' });
      expect(made.status).toBe(201);
      const listed = await call(last(), 'GET', '/api/conversations');
      expect(JSON.stringify(listed.json)).toContain(made.json.conversationId);
    });

    test('a stream goes on on another node', async () => {
      const { conversationId } = (await call(first(), 'POST', '/api/conversations', {})).json;
      const text = '/long 40\n/pace 20\ngo on';
      const { runId, replyId } = (
        await call(first(), 'POST', `/api/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text }], reply: true })
      ).json;
      const path = `/api/conversations/${conversationId}/runs/${runId}/stream`;
      const [one, other] = await Promise.all([call(first(), 'GET', path), sleep(300).then(() => call(last(), 'GET', path))]);
      const said = (answer: { json: string }): string =>
        [...answer.json.matchAll(/^data: (\{.*\})$/gm)]
          .map(([, line]) => JSON.parse(line ?? '{}'))
          .flatMap(({ type, delta }) => (type === 'text' ? [delta] : []))
          .join('');
      expect(said(one)).toBe(said(other));
      await until(async () =>
        JSON.stringify((await call(last(), 'GET', `/api/conversations/${conversationId}/messages`)).json).includes('"completed"'),
      );
      const { messages } = (await call(last(), 'GET', `/api/conversations/${conversationId}/messages`)).json;
      expect(
        messages
          .find(({ id }: { id: string }) => id === replyId)
          .parts.map(({ text: part }: { text: string }) => part)
          .join(''),
      ).toBe(said(one));
    });

    test('a view is built anew by whoever writes it, equal to the one before', async () => {
      const answer = await call(last(), 'POST', '/api/views/messages/rebuild');
      expect(JSON.parse(String(answer.json).trim().split('\n').at(-1) ?? '{}')).toMatchObject({ view: 'messages', equal: true });
    });

    test('every node stays ready, and says so', async () => {
      for (const { url } of cluster.nodes) expect((await call(url, 'GET', '/health/ready')).status, url).toBe(200);
    });
  });
});
