import { afterAll, beforeAll, expect, test } from 'vitest';
import { person } from '../../harness/memory-annals.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const start = async (headers?: Record<string, string>) =>
  (
    (await (await server.call('POST', '/api/conversations', { body: { title: 'Told' }, ...(headers ? { headers } : {}) })).json()) as {
      conversationId: string;
    }
  ).conversationId;

/** The first frames of a stream, as [id, data]. */
async function frames(
  path: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<[string, { type: string; stream: string; data: object }][]> {
  const leave = new AbortController();
  const answer = await server.call('GET', path, { headers, signal: leave.signal });
  expect(answer.status).toBe(200);
  let text = '';
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.split('\n\n').length > count) break;
  }
  leave.abort();
  return text
    .split('\n\n')
    .slice(0, count)
    .map((frame) => {
      const [, id = '', data = ''] = /^id: (.*)\ndata: (.*)$/.exec(frame) ?? [];
      return [id, JSON.parse(data)];
    });
}

test('the feed tells what happens to one’s own data, opened, and goes on where it was left', async () => {
  const { token } = await server.tokens.access(person('reader'));
  const [one, two] = [await start(bearer(token)), await start(bearer(token))];
  await start();
  const [first, second] = await frames('/api/events', 2, bearer(token));
  expect(first?.[1]).toMatchObject({ type: 'ConversationStarted', stream: `conversation-${one}`, data: { sealed: { title: 'Told' } } });
  expect(first?.[0]).toMatch(new RegExp(`^${server.installation.kernel.epoch}\\.\\d{20}$`));
  expect(second?.[1].stream).toBe(`conversation-${two}`);
  expect((await frames('/api/events', 1, { ...bearer(token), 'last-event-id': first?.[0] ?? '' }))[0]).toEqual(second);
  expect((await frames(`/api/events?after=${first?.[0]}`, 1, bearer(token)))[0]).toEqual(second);
});

test('a place in another life of the log means starting over', async () => {
  const answer = await server.call('GET', `/api/events?after=another.${'0'.repeat(20)}`);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([410, 'EpochChanged']);
});

test('a server that closes ends the feeds', async () => {
  const closing = await startServer();
  const feed = await closing.call('GET', '/api/events');
  await Promise.all([closing.server.close(5000), feed.text()]);
  await closing.installation.stop();
});

test('operations are for administrators', async () => {
  const { token } = await server.tokens.access(person('member'));
  const asMember = { headers: bearer(token) };
  for (const [method, path] of [
    ['GET', '/api/views'],
    ['POST', '/api/views/messages/rebuild'],
    ['GET', '/api/parked'],
    ['POST', '/api/parked/title/x/unpark'],
  ] as const) {
    expect((await server.call(method, path, asMember)).status, path).toBe(403);
  }
  expect((await server.call('POST', '/api/tokens', { ...asMember, body: { person: 'person_local' } })).status).toBe(404);
});

test('a rebuild tells how far it has come, and that it gave the same bytes', async () => {
  await start();
  const lines = (await (await server.call('POST', '/api/views/conversations/rebuild')).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ view: 'conversations', equal: true, documents: expect.any(Number), events: expect.any(Number) });
  expect((await server.call('POST', '/api/views/none/rebuild')).status).toBe(404);
  const { views } = (await (await server.call('GET', '/api/views')).json()) as { views: { view: string; state: string }[] };
  expect(views.every(({ state }) => state === 'live')).toBe(true);
});

test('what is not parked cannot be unparked', async () => {
  expect(await (await server.call('GET', '/api/parked')).json()).toEqual({ parked: [] });
  expect((await server.call('POST', '/api/parked/title/none/unpark')).status).toBe(404);
});

test('a token made for days stands for the person it names', async () => {
  const made = (await (await server.call('POST', '/api/tokens', { body: { person: 'person_script', days: 3, scopes: ['read'] } })).json()) as {
    token: string;
    expiresAt: string;
  };
  expect(await (await server.call('GET', '/api/me', { headers: bearer(made.token) })).json()).toEqual({
    id: 'person_script',
    kind: 'person',
    roles: ['member'],
    scopes: ['read'],
  });
  expect(Date.parse(made.expiresAt)).toBeGreaterThan(Date.now() + 2 * 24 * 3600_000);
  for (const body of [{ days: 0 }, { days: 1e9 }, { person: 'person_anon_x' }, { person: 'bob' }])
    expect((await server.call('POST', '/api/tokens', { body })).status).toBe(400);
});

test('health is red until the views have caught up, with the reasons for administrators', async () => {
  const idle = await startServer({ annals: { workers: false } });
  expect((await idle.call('GET', '/health/live')).status).toBe(200);
  const ready = await idle.call('GET', '/health/ready');
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', problems: expect.any(Array) }]);
  await idle.stop();
  expect(await (await server.call('GET', '/health/ready')).json()).toEqual({ status: 'ok', problems: [] });
});

test('the models to choose from are named with the one used otherwise', async () => {
  expect(await (await server.call('GET', '/api/models')).json()).toMatchObject({ models: [{ id: 'demo/demo' }], default: 'demo/demo' });
});
