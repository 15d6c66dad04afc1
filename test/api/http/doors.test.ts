import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawBytes, rawRequest } from './raw-request.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    server: { hosts: ['annals.example', 'annals.test:8443'], origins: ['https://app.example'], publicUrl: 'https://public.example/' },
  });
});
afterAll(() => server.stop());

const statusFor = async (host: string) => (await rawRequest(server.port, 'GET', '/health/live', { host })).status;

test('the server answers under its own names and the listed ones', async () => {
  const hosts = [
    `127.0.0.1:${server.port}`,
    `localhost:${server.port}`,
    `LOCALHOST:${server.port}`,
    `[::1]:${server.port}`,
    'annals.example',
    'annals.example:99',
    'annals.test:8443',
    'public.example',
  ];
  expect(await Promise.all(hosts.map(statusFor))).toEqual(hosts.map(() => 200));
});

test('under any other name it answers 421, whatever headers of proxies say', async () => {
  const hosts = [
    'evil.example',
    '127.0.0.1',
    `127.0.0.1:${server.port + 1}`,
    `localhost.:${server.port}`,
    'annals.test',
    'annals.example.evil',
    `evil@127.0.0.1:${server.port}`,
    `127.0.0.1:${server.port},evil`,
  ];
  expect(await Promise.all(hosts.map(statusFor))).toEqual(hosts.map(() => 421));
  const forwarded = await rawRequest(server.port, 'GET', '/health/live', {
    host: 'evil.example',
    'x-forwarded-host': `127.0.0.1:${server.port}`,
    forwarded: 'host=annals.example',
  });
  expect(forwarded.status).toBe(421);
  const twice = await rawBytes(
    server.port,
    `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
  );
  expect(twice).toMatch(/^HTTP\/1.1 4(00|21) /);
  const absolute = await rawBytes(
    server.port,
    `GET http://evil.example/health/live HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`,
  );
  expect(absolute).toMatch(/^HTTP\/1.1 400 /);
});

const allowed = async (origin: string, method = 'GET') => {
  const { headers } = await rawRequest(server.port, method, '/health/live', {
    host: `127.0.0.1:${server.port}`,
    origin,
    'access-control-request-method': 'PUT',
  });
  return headers['access-control-allow-origin'];
};

test('pages of listed origins, of our own and of this machine may read answers; credentials are never among them', async () => {
  for (const origin of [
    'https://app.example',
    'https://public.example',
    `http://127.0.0.1:${server.port}`,
    'http://localhost:3000',
    'https://localhost',
    'http://[::1]:5173',
  ]) {
    expect(await allowed(origin)).toBe(origin);
    const preflight = await rawRequest(server.port, 'OPTIONS', '/aui/v1/threads', {
      host: `127.0.0.1:${server.port}`,
      origin,
      'access-control-request-method': 'PATCH',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
    expect(preflight.headers['access-control-allow-methods']).toBe('GET, POST, PUT, PATCH, DELETE');
    for (const name of ['Authorization', 'Content-Type', 'Aui-Sdk', 'Aui-User-Id', 'Aui-Workspace-Id', 'Idempotency-Key', 'If-Match', 'Prefer']) {
      expect(preflight.headers['access-control-allow-headers']).toContain(name);
    }
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
  }
});

test('pages of other origins may not', async () => {
  for (const origin of [
    'https://evil.example',
    'null',
    'https://app.example.evil',
    'https://good.app.example',
    'http://app.example',
    'http://localhost.evil:3000',
    'http://127.0.0.1.evil',
    'file://',
    'HTTP://LOCALHOST:3000',
    '*',
  ]) {
    expect(await allowed(origin)).toBeUndefined();
    expect(await allowed(origin, 'OPTIONS')).toBeUndefined();
  }
});

test('what clients have to read is exposed', async () => {
  const { headers } = await rawRequest(server.port, 'GET', '/health/live', { host: `127.0.0.1:${server.port}`, origin: 'https://app.example' });
  for (const name of [
    'Authorization',
    'ETag',
    'x-resumable-stream-id',
    'x-vercel-ai-data-stream',
    'x-vercel-ai-ui-message-stream',
    'Preference-Applied',
    'Retry-After',
    'Location',
  ]) {
    expect(headers['access-control-expose-headers']).toContain(name);
  }
});

test('every answer is narrowed to what it is', async () => {
  for (const path of ['/api/me', '/nope', '/app/', '/docs', '/', '/api/conversations/thread_x']) {
    const { headers } = await server.call('GET', path);
    expect(Object.fromEntries(headers)).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*(unsafe|https?:|\*)/);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/./);
  }
});

test('a request keeps its id, unless that could not be one', async () => {
  const idOf = async (id: string) => (await server.call('GET', '/health/live', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  expect(await idOf('trace-1.a:b')).toBe('trace-1.a:b');
  expect(await idOf('a b')).not.toBe('a b');
  expect(await idOf('x'.repeat(129))).not.toBe('x'.repeat(129));
});
