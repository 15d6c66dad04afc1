import { expect, test } from 'vitest';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { costly, createCostLimit } from '../../../src/api/http/costly.ts';
import { listSecurityEvents } from '../../../src/projections/queries/security.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer } from './start-server.ts';

const [ada, bob] = [person('ada'), person('bob')];

test('somebody who asks too much of a route is told to wait, and others are not; it is a security event of that person', async () => {
  const server = await startServer({ server: { costlyPerMinute: 3, routes: assistantUiRoutes({ secret: Buffer.alloc(32, 1) }) } });
  try {
    const { kernel } = server.installation;
    const as = async (who: typeof ada) => bearer((await server.tokens.access(who)).token);
    const made = await server.call('POST', '/api/conversations', { body: {}, headers: await as(ada) });
    const { conversationId } = (await made.json()) as { conversationId: string };
    const send = async (who: typeof ada): Promise<Response> =>
      server.call('POST', `/api/conversations/${conversationId}/messages`, {
        body: { parts: [{ type: 'text', text: 'x' }], reply: false },
        headers: await as(who),
      });
    for (let sent = 0; sent < 3; sent++) expect((await send(ada)).status).toBe(201);
    const refused = await send(ada);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await send(bob)).status, 'not his, but not too often').toBe(404);
    expect((await server.call('GET', '/api/conversations', { headers: await as(ada) })).status, 'what costs little goes on').toBe(200);
    await kernel.security.flush();
    await until(async () => {
      const asked = await kernel.ask(administrator, listSecurityEvents({ kind: 'rate-limited', person: ada.id }));
      return asked.ok && asked.data.events.some(({ door }) => door === 'POST /api/conversations/{conversationId}/messages');
    });
    const lines = server.server.routes.map(({ method, path }) => `${method} ${path}`);
    expect(
      [...costly].filter((line) => !lines.includes(line)),
      'each is a route',
    ).toEqual([]);
  } finally {
    await server.stop();
  }
});

test('a minute later it begins anew, and 0 is no limit', () => {
  let time = 0;
  const limit = createCostLimit(2, () => time);
  const [line = ''] = costly;
  for (let turn = 0; turn < 2; turn++) limit(line, ada);
  expect(() => limit(line, ada)).toThrow(/wait/);
  time = 60_000;
  expect(() => limit(line, ada)).not.toThrow();
  const none = createCostLimit(0);
  for (let turn = 0; turn < 1000; turn++) none(line, ada);
});
