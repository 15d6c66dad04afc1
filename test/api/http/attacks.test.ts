import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { route } from '../../../src/api/http/route.ts';
import { rawBytes, rawRequest } from './raw-request.ts';
import { startServer, type TestServer } from './start-server.ts';

const broken = route({
  method: 'GET',
  path: '/test/broken',
  summary: 'Breaks',
  tags: ['Test'],
  responses: { 200: { description: 'Never.', schema: z.null() } },
  handle: async () => {
    throw new Error('the secret is 42');
  },
});

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ server: { routes: [broken], limits: { headersMs: 500 } } });
});
afterAll(() => server.stop());

const host = () => `127.0.0.1:${server.port}`;
const Problem = z.object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string(), code: z.string(), instance: z.string() });

test('whatever body a route gets, the answer is its own problem and never a failure of ours', async () => {
  const bodies = [
    '',
    'null',
    '[]',
    '"x"',
    '0',
    '1e308',
    '9007199254740993',
    '-0',
    '{"parts":"\\ud800"}',
    '['.repeat(200) + ']'.repeat(200),
    '{',
    '{"parts":[{"type":"text","text":1}],"title":7,"metadata":[],"messageId":{},"approved":"yes","days":1e308,"refresh_token":[]}',
    '\u0000',
  ];
  const writing = server.server.routes.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/rebuild') && !path.endsWith('/anonymous'));
  expect(writing.length).toBeGreaterThan(20);
  const bad: string[] = [];
  for (const { method, path } of writing) {
    const target = path
      .replace('{conversationId}', 'thread_x')
      .replace('{runId}', 'run_x')
      .replace('{fileId}', 'file-x')
      .replaceAll(/\{\w+\}/g, 'x');
    for (const body of bodies) {
      for (const type of [{ 'content-type': 'application/json' }, { 'content-type': 'text/plain' }, {}] as Record<string, string>[]) {
        const answer = await rawRequest(
          server.port,
          method,
          target,
          { host: host(), 'content-length': String(Buffer.byteLength(body)), ...type },
          body,
        );
        const isProblem =
          answer.status >= 400 &&
          answer.status < 500 &&
          answer.headers['content-type']?.toString().startsWith('application/problem+json') &&
          Problem.safeParse(JSON.parse(answer.text)).success;
        const mayDo = answer.status < 300;
        if (!isProblem && !mayDo)
          bad.push(`${method} ${path} ${JSON.stringify(type)} ${body.slice(0, 40)}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
  }
  expect(bad).toEqual([]);
  expect(server.logged).toEqual([]);
});

test('a form or a text cannot be posted as JSON, so that no page can do it without asking', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'text/plain;application/json',
  ]) {
    expect((await rawRequest(server.port, 'POST', '/api/conversations', { host: host(), 'content-type': type }, '{}')).status).toBe(415);
  }
  expect(
    (
      await rawRequest(
        server.port,
        'POST',
        '/api/conversations',
        { host: host(), 'content-type': 'application/json', 'content-encoding': 'gzip' },
        '{}',
      )
    ).status,
  ).toBe(415);
  expect((await rawRequest(server.port, 'GET', '/api/me', { host: host(), 'content-type': 'text/plain' })).status).toBe(200);
});

test('what nobody expected is answered without a word of what it was, logged under the request’s id, and survived', async () => {
  const answer = await server.call('GET', '/test/broken', { headers: { 'x-request-id': 'the-request' } });
  expect(answer.status).toBe(500);
  const text = await answer.text();
  expect(text).not.toContain('secret');
  expect(Problem.parse(JSON.parse(text))).toMatchObject({ code: 'Internal', instance: 'urn:annals:request:the-request' });
  expect(server.logged.splice(0)).toEqual([expect.stringMatching(/the-request.*the secret is 42/s)]);
  expect((await server.call('GET', '/api/me')).status).toBe(200);
});

test('a body over the limit is refused before it has been sent, and one that hides its length once it is over', async () => {
  const declared = await rawBytes(
    server.port,
    `POST /api/conversations HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nContent-Length: 106000000\r\n\r\n{`,
  );
  expect(declared).toMatch(/^HTTP\/1.1 413 /);
  const chunk = `${(512 * 1024).toString(16)}\r\n${'x'.repeat(512 * 1024)}\r\n`;
  const hidden = await rawBytes(
    server.port,
    `POST /api/conversations HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`,
  );
  expect(hidden).toMatch(/^HTTP\/1.1 413 /);
  const whole = await server.call('POST', '/api/conversations', { body: { title: 'x'.repeat(2_000_000) } });
  expect(whole.status, 'a client that sends all of it can read the answer').toBe(413);
});

test('a message may be large, a title may not', async () => {
  const { conversationId } = (await (await server.call('POST', '/api/conversations', { body: {} })).json()) as { conversationId: string };
  const parts = [{ type: 'text', text: 'x'.repeat(3_000_000) }];
  const sent = await server.call('POST', `/api/conversations/${conversationId}/messages`, { body: { parts, reply: false } });
  expect(sent.status).toBe(201);
});

test('a form of ten thousand parts, and a hundred thousand parameters, are refused', async () => {
  const part = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n';
  const form = await rawRequest(
    server.port,
    'POST',
    '/api/files',
    { host: host(), 'content-type': 'multipart/form-data; boundary=b' },
    `${part.repeat(10_000)}--b--\r\n`,
  );
  expect(form.status).toBe(400);
  const pairs = await rawBytes(server.port, `GET /api/conversations?${'a=1&'.repeat(100_000)} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
  expect(pairs).toMatch(/^HTTP\/1.1 431 /);
});

test('headers that are too slow, too many, or say two lengths, or speak HTTP/0.9, get 4xx and a closed connection', async () => {
  const answers = await Promise.all([
    rawBytes(server.port, `GET /api/me HTTP/1.1\r\nHost: ${host()}\r\nX-Slow: `),
    rawBytes(server.port, `GET /api/me HTTP/1.1\r\nHost: ${host()}\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`),
    rawBytes(
      server.port,
      `POST /api/conversations HTTP/1.1\r\nHost: ${host()}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/me HTTP/1.1\r\n\r\n`,
    ),
    rawBytes(server.port, 'GET /api/me\r\n\r\n'),
  ]);
  expect(answers.map((answer) => answer.split(' ')[1])).toEqual(['408', '431', '400', '421']);
});

test('addresses that cannot be read are the client’s mistake', async () => {
  for (const path of [
    '/api/conversations/%E0%A4%A',
    '/app/%2e%2e/%2e%2e/package.json',
    '/app/..%2f..%2fpackage.json',
    '/app/.env',
    '/api/conversations/thread_x%00',
  ]) {
    const { status } = await rawRequest(server.port, 'GET', path, { host: host() });
    expect([400, 403, 404]).toContain(status);
  }
  expect(server.logged).toEqual([]);
});

test('what is for people of this server answers no stranger', async () => {
  const stranger = { host: host(), 'sec-fetch-site': 'cross-site' };
  const answers = await Promise.all(
    server.server.routes
      .filter(({ open }) => !open)
      .map(async ({ method, path }) => {
        const { status } = await rawRequest(server.port, method, path.replaceAll(/\{\w+\}/g, 'x'), stranger);
        return `${method} ${path} ${status}`;
      }),
  );
  expect(answers.filter((answer) => !answer.endsWith(' 401'))).toEqual([]);
  for (const path of ['/docs', '/redoc', '/docs/assets/redoc.js', '/api/openapi.json'])
    expect((await rawRequest(server.port, 'GET', path, stranger)).status).toBe(401);
  expect((await rawRequest(server.port, 'GET', '/health/ready', stranger)).text).toBe('{"status":"ok"}');
});
