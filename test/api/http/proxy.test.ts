import { afterEach, describe, expect, test } from 'vitest';
import { proxyPerson, whyNotTrusted } from '../../../src/api/http/identity/proxy.ts';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { userRoutes } from '../../../src/api/rini/users.ts';
import type { ServerOptions } from '../../../src/api/server.ts';
import { listSecurityEvents } from '../../../src/projections/queries/security.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { rawRequest } from './raw-request.ts';
import { startServer, type TestServer } from './start-server.ts';

const secret = 'only the proxy knows this secret, 32+';
const trusting: Partial<ServerOptions> = { localPerson: false, proxies: { addresses: ['127.0.0.1'], secret } };

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
const started = async (options: Partial<ServerOptions>): Promise<TestServer> => {
  server = await startServer({ server: options });
  return server;
};
const who = async ({ call }: TestServer, headers: Record<string, string>) => {
  const response = await call('GET', '/api/me', { headers });
  return response.status === 200 ? ((await response.json()) as { id: string; roles: string[] }) : response.status;
};

describe('a proxy that is trusted', () => {
  test('says who comes: a member, the same one every time, known by no name of the proxy’s', async () => {
    const at = await started(trusting);
    const headers = { 'x-user-id': 'admin', 'x-annals-proxy-secret': secret };
    const first = await who(at, headers);
    expect(first).toMatchObject({ id: proxyPerson('admin'), roles: ['member'] });
    expect(await who(at, headers)).toEqual(first);
    expect(await who(at, { ...headers, 'x-user-id': 'other' })).toMatchObject({ id: proxyPerson('other') });
    expect(JSON.stringify(first)).not.toContain('"admin"');
  });

  test('is believed nothing without its secret, with a wrong one, or with no user, several or what could be several', async () => {
    const at = await started(trusting);
    for (const headers of [
      { 'x-user-id': 'admin' },
      { 'x-user-id': 'admin', 'x-annals-proxy-secret': 'wrong' },
      { 'x-user-id': 'admin', 'x-annals-proxy-secret': '' },
      { 'x-annals-proxy-secret': secret },
      { 'x-user-id': 'a,b', 'x-annals-proxy-secret': secret },
      { 'x-user-id': 'a b', 'x-annals-proxy-secret': secret },
      { x_user_id: 'admin', 'x-annals-proxy-secret': secret },
      { 'x-forwarded-user': 'admin', 'x-annals-proxy-secret': secret },
      { 'x-request-from': 'internal', 'x-annals-proxy-secret': secret },
    ] as Record<string, string>[])
      expect(await who(at, headers), JSON.stringify(headers)).toBe(401);
    const twice = { 'x-user-id': ['a', 'b'], 'x-annals-proxy-secret': secret, host: `127.0.0.1:${at.port}` };
    expect((await rawRequest(at.port, 'GET', '/api/me', twice as never)).status).toBe(401);
  });

  test('has to come from its address, even when it knows the secret', async () => {
    const at = await started({ ...trusting, proxies: { addresses: ['10.1.2.3', 'unix'], secret } });
    expect(await who(at, { 'x-user-id': 'admin', 'x-annals-proxy-secret': secret })).toBe(401);
  });

  test('says from which network somebody comes; the same words of anybody else say nothing', async () => {
    const at = await started(trusting);
    const { kernel, disk } = at.installation;
    const ranges = async (headers: Record<string, string>): Promise<unknown> => {
      await who(at, { authorization: 'Bearer a.b.c', ...headers, 'x-request-id': JSON.stringify(headers).replaceAll(/[^\w]/g, '.').slice(0, 100) });
      await kernel.security.flush();
      await kernel.progress.waitFor(['security'], await disk.store.head(), { timeoutMs: 5000 });
      const asked = await kernel.ask(administrator, listSecurityEvents({ limit: 1 }));
      return asked.ok && asked.data.events[0]?.range;
    };
    expect(await ranges({ 'x-forwarded-for': '198.51.100.9' }), 'no proxy').toBe('127.0.0.0/24');
    expect(await ranges({ 'x-forwarded-for': '203.0.113.9', 'x-annals-proxy-secret': 'wrong' })).toBe('127.0.0.0/24');
    expect(await ranges({ 'x-forwarded-for': '10.0.0.1, 203.0.113.9', 'x-annals-proxy-secret': secret })).toBe('203.0.113.0/24');
    expect(await ranges({ 'x-forwarded-for': '203.0.113.9, nonsense', 'x-annals-proxy-secret': secret })).toBe('127.0.0.0/24');
  });

  test('is asked from where somebody comes who may not come too often; whoever only writes that down counts as itself', async () => {
    const tokens = createTokens({ secret: Buffer.alloc(32, 3), issuer: 'x' });
    const at = await started({ ...trusting, routes: userRoutes({ tokens, open: true, tokenMinutes: 1, perMinute: 2 }) });
    const comes = async (address: string, proof: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address, 'x-annals-proxy-secret': proof };
      return (await at.call('POST', '/users/', { headers, body: {} })).status;
    };
    const often = async (proof: string, ...addresses: string[]): Promise<number[]> => {
      const answers: number[] = [];
      for (const address of addresses) answers.push(await comes(address, proof));
      return answers;
    };
    expect(await often(secret, '203.0.113.9', '203.0.113.9', '203.0.113.9', '198.51.100.7')).toEqual([201, 201, 429, 201]);
    expect(await often('wrong', '192.0.2.1', '192.0.2.2', '192.0.2.3')).toEqual([201, 201, 429]);
    expect(await often(secret, '192.0.2.4, 203.0.113.9', '2001:db8::1', '2001:db8::2', '2001:db8::3')).toEqual([429, 201, 201, 429]);
  });

  test('may be a network', async () => {
    const at = await started({ ...trusting, proxies: { addresses: ['127.0.0.0/8'], secret } });
    expect(await who(at, { 'x-user-id': 'admin', 'x-annals-proxy-secret': secret })).toMatchObject({ roles: ['member'] });
  });
});

test('without a proxy the header means nothing: the local person stays who it is, and elsewhere nobody comes in', async () => {
  const at = await started({});
  expect(await who(at, { 'x-user-id': 'admin' })).toMatchObject({ id: 'person_local' });
  await at.stop();
  expect(await who(await started({ localPerson: false }), { 'x-user-id': 'admin' })).toBe(401);
});

test('for development the header is believed on this machine, and not from a page of another origin', async () => {
  const at = await started({ devUser: true });
  expect(await who(at, { 'x-user-id': 'somebody' })).toMatchObject({ id: proxyPerson('somebody'), roles: ['member'] });
  expect(await who(at, { 'x-user-id': 'somebody', origin: 'https://evil.example' })).toBe(401);
  expect(await who(at, {})).toMatchObject({ id: 'person_local' });
});

test('proxies that would let strangers in are refused with a reason', () => {
  expect(whyNotTrusted({ addresses: [] })).toBeUndefined();
  expect(whyNotTrusted({ addresses: ['10.0.0.7', 'unix', '192.168.0.0/16', '::1'], secret })).toBeUndefined();
  expect(whyNotTrusted({ addresses: ['10.0.0.7'] })).toContain('ANNALS_PROXY_SECRET');
  for (const address of ['0.0.0.0/0', '::/0', '0.0.0.0', '::', '10.0.0.0/2'])
    expect(whyNotTrusted({ addresses: [address], secret })).toContain('the world');
  for (const address of ['proxy.example', '10.0.0.7/33', '10.0.0.7/8/8', '10.0.0.7/x'])
    expect(whyNotTrusted({ addresses: [address], secret })).toContain('is no address');
});
