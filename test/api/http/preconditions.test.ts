import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawRequest } from './raw-request.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const start = async (headers: Record<string, string> = {}, body: object = {}) => {
  const answer = await server.call('POST', '/api/conversations', { body, headers });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as { conversationId: string; code?: string } };
};
const rename = (id: string, title: string, headers: Record<string, string> = {}) =>
  server.call('PUT', `/api/conversations/${id}/title`, { body: { title }, headers });

test('a repeat with the same key is the first answer again; the same key with another body is an error', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const [first, again, other] = [await start(key), await start(key), await start(key, { title: 'x' })];
  expect(again).toMatchObject({ status: 201, body: first.body });
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyMismatch' } });
});

test('If-Match lets a command through only at the revision that was read', async () => {
  const { body, headers } = await start();
  const etag = headers.get('etag') ?? '';
  expect(etag).toMatch(/^"0\.\d{20}"$/);
  expect((await rename(body.conversationId, 'One', { 'if-match': etag })).status).toBe(200);
  const late = await rename(body.conversationId, 'Two', { 'if-match': etag });
  expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([412, 'RevisionMismatch']);
  const read = await server.call('GET', `/api/conversations/${body.conversationId}`);
  expect((await rename(body.conversationId, 'Three', { 'if-match': read.headers.get('etag') ?? '' })).status, 'what a reading says is good too').toBe(
    200,
  );
  expect((await rename(body.conversationId, 'Four', { 'if-match': '"2"' })).status, 'the revision alone is enough').toBe(200);
  expect((await rename(body.conversationId, 'Five', { 'if-match': '*' })).status).toBe(200);
  for (const bad of ['W/"4.1"', '"a"', '4', '"4", "5"']) expect((await rename(body.conversationId, 'Six', { 'if-match': bad })).status).toBe(400);
});

test('an answer that has not changed is not sent again', async () => {
  const { body } = await start();
  const path = `/api/conversations/${body.conversationId}`;
  const etag = (await server.call('GET', path)).headers.get('etag') ?? '';
  const ifChanged = async () => (await rawRequest(server.port, 'GET', path, { host: `127.0.0.1:${server.port}`, 'if-none-match': etag })).status;
  expect(await ifChanged()).toBe(304);
  await rename(body.conversationId, 'Changed');
  expect(await ifChanged()).toBe(200);
});

test('who prefers to wait is told when every view shows the write', async () => {
  const { body } = await start();
  const answer = await rename(body.conversationId, 'Seen', { prefer: 'respond-async, wait=5' });
  expect(answer.headers.get('preference-applied')).toBe('wait=5');
  const position = answer.headers.get('annals-position')?.split('.').at(-1) ?? '';
  expect(server.installation.kernel.progress.status().every((view) => view.position >= position)).toBe(true);
  expect((await rename(body.conversationId, 'Again')).headers.get('preference-applied')).toBeNull();
});

test('a reading can wait for a write, and says so when it is not visible yet', async () => {
  const { headers } = await start();
  const position = headers.get('annals-position') ?? '';
  const seen = await server.call('GET', '/api/conversations', { headers: { 'if-min-position': position } });
  expect(seen.status).toBe(200);
  expect((seen.headers.get('annals-position') ?? '') >= position).toBe(true);
  const [epoch] = position.split('.');
  const early = await server.call('GET', '/api/conversations', { headers: { 'if-min-position': `${epoch}.${'9'.repeat(20)}` } });
  expect([early.status, early.headers.get('retry-after'), ((await early.json()) as { code: string }).code]).toEqual([503, '1', 'NotYetVisible']);
  const other = await server.call('GET', '/api/conversations', { headers: { 'if-min-position': `another.${'0'.repeat(20)}` } });
  expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([410, 'EpochChanged']);
  expect((await server.call('GET', '/api/conversations', { headers: { 'if-min-position': '17' } })).status).toBe(400);
});

test('one’s own write is there at the next reading, without asking for it', async () => {
  for (let round = 0; round < 30; round++) {
    const { body } = await start();
    expect((await server.call('GET', `/api/conversations/${body.conversationId}`)).status).toBe(200);
  }
});

test('what a request did can be found under its id', async () => {
  const { body } = await start({ 'x-request-id': 'request-17', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
  const { events } = (await (await server.call('GET', `/api/conversations/${body.conversationId}/events`)).json()) as {
    events: { correlationId: string }[];
  };
  expect(events[0]?.correlationId).toBe('request-17');
});
