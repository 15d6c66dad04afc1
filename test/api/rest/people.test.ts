import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { userRoutes } from '../../../src/api/rini/users.ts';
import type { PersonId } from '../../../src/domain/ids.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

/** The time of day: what is revoked or signed out is so by the same clock that tokens go by. */
const passing = {
  get now() {
    return new Date();
  },
};

let server: TestServer;
const tokens = createTokens({ secret: Buffer.alloc(32, 3), issuer: 'people-under-test' });
beforeAll(async () => {
  server = await startServer({
    annals: { clock: passing },
    server: { tokens, routes: userRoutes({ tokens, open: true, tokenMinutes: 5, perMinute: 1000 }) },
  });
});
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
  readonly json: any;
}
const call = async (method: string, path: string, { as, body }: { as?: string; body?: unknown } = {}): Promise<Answer> => {
  const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), ...(as === undefined ? {} : { headers: bearer(as) }) });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : text };
};
const register = async (): Promise<{ person: string; token: string }> => {
  const { json } = await call('POST', '/users/');
  return { person: json.id, token: json.access_token };
};
const statusAs = async (token: string, path = '/api/me'): Promise<number> => (await call('GET', path, { as: token })).status;

describe('an account', () => {
  test('is an id and a token that stands for it', async () => {
    const made = await call('POST', '/users/');
    expect(made).toMatchObject({ status: 201, json: { id: expect.stringMatching(/^person_/), token_type: 'bearer' } });
    expect(await call('GET', '/users/me', { as: made.json.access_token })).toEqual({ status: 200, json: { id: made.json.id } });
    expect((await call('GET', '/api/me', { as: made.json.access_token })).json).toMatchObject({ id: made.json.id, roles: ['member'] });
  });

  test('is not made where administrators make them, and the refusal is in the form of its dialect', async () => {
    const closed = await startServer({ server: { tokens, routes: userRoutes({ tokens, open: false, tokenMinutes: 5 }) } });
    const refused = await closed.call('POST', '/users/');
    expect([refused.status, await refused.json()]).toEqual([403, { detail: expect.stringContaining('ANNALS_REGISTRATION') }]);
    expect((await (await closed.call('GET', '/users/me', { headers: bearer('a.b.c') })).json()) as object).toEqual({ detail: expect.any(String) });
    await closed.stop();
  });

  test('says about itself what it wants, field by field, and takes it away again', async () => {
    const { token } = await register();
    await call('PATCH', '/api/me', { as: token, body: { name: 'Ada', email: 'ada@example.org', language: 'en' } });
    await call('PATCH', '/api/me', { as: token, body: { name: 'Ada L.', email: null } });
    expect((await call('GET', '/api/me', { as: token })).json).toMatchObject({ name: 'Ada L.', email: null, language: 'en' });
    for (const body of [{ name: 1 }, { roles: ['administrator'] }, { name: 'x'.repeat(256) }])
      expect((await call('PATCH', '/api/me', { as: token, body })).status).toBe(400);
  });

  test('keeps what it says out of the log’s clear text', async () => {
    const { token, person } = await register();
    await call('PATCH', '/api/me', { as: token, body: { name: 'Grace Canary' } });
    const events: unknown[] = [];
    for await (const event of server.installation.disk.store.read(`person-${person}`)) events.push(event.data);
    expect(JSON.stringify(events)).toContain('"fields":["name"]');
    expect(JSON.stringify(events)).not.toContain('Canary');
  });
});

describe('an administrator', () => {
  test('registers, finds, and gives roles that count at once, whatever the token was signed with', async () => {
    const { json } = await call('POST', '/api/people', { body: { name: 'Bob Builder', roles: ['member'] } });
    const { json: made } = await call('POST', '/api/tokens', { body: { person: json.person } });
    expect((await call('GET', '/api/people?search=builder')).json.people).toMatchObject([{ id: json.person, name: 'Bob Builder' }]);
    expect(await statusAs(made.token, '/api/people')).toBe(403);
    expect((await call('PUT', `/api/people/${json.person}/roles`, { body: { roles: ['administrator'] } })).status).toBe(200);
    await until(async () => (await statusAs(made.token, '/api/people')) === 200);
    expect((await call('PUT', `/api/people/${json.person}/roles`, { as: made.token, body: { roles: ['member'] } })).json).toMatchObject({
      code: 'OwnRole',
    });
  });

  test('is the only one who may do any of it', async () => {
    const [ada, bob] = [await register(), await register()];
    for (const [method, path, body] of [
      ['GET', '/api/people', undefined],
      ['POST', '/api/people', { roles: ['administrator'] }],
      ['GET', `/api/people/${bob.person}`, undefined],
      ['PUT', `/api/people/${bob.person}/roles`, { roles: ['administrator'] }],
      ['PUT', `/api/people/${ada.person}/roles`, { roles: ['administrator'] }],
      ['POST', `/api/people/${bob.person}/disable`, {}],
    ] as const)
      expect((await call(method, path, { as: ada.token, body })).status, `${method} ${path}`).toBe(403);
    for (const path of [`/api/people/${bob.person}/sign-out`, `/api/people/${bob.person}/profile`])
      expect((await call(path.endsWith('out') ? 'POST' : 'PATCH', path, { as: ada.token, body: { profile: {} } })).status).toBe(404);
    expect((await call('POST', '/api/tokens', { as: ada.token, body: { person: bob.person } })).status).toBe(404);
  });

  test('shuts somebody out: requests and open streams end within seconds, and begin again when let in', async () => {
    const { person, token } = await register();
    const stream = await server.call('GET', '/api/events', { headers: bearer(token) });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => 'ended',
      () => 'ended',
    );
    expect((await call('POST', `/api/people/${person}/disable`, { body: {} })).status).toBe(200);
    expect(await Promise.race([ended, sleep(5000)])).toBe('ended');
    expect(await statusAs(token)).toBe(401);
    await call('POST', `/api/people/${person}/enable`, { body: {} });
    await until(async () => (await statusAs(token)) === 200);
  });
});

describe('a token', () => {
  test('that is restricted does no more than it says, and makes no other', async () => {
    const { token } = await register();
    const restricted = async (...scopes: string[]): Promise<string> =>
      (await call('POST', '/api/tokens', { as: token, body: { scopes } })).json.token;
    const [reads, writes] = [await restricted('read'), await restricted('write')];
    const starts = (as: string) => call('POST', '/api/conversations', { as, body: {} });
    expect([(await starts(reads)).status, (await starts(writes)).status, (await starts(token)).status]).toEqual([403, 201, 201]);
    expect([await statusAs(reads, '/api/conversations'), await statusAs(writes, '/api/conversations')]).toEqual([200, 403]);
    expect(await statusAs(writes, '/api/events')).toBe(403);
    for (const as of [reads, writes]) expect((await call('POST', '/api/tokens', { as, body: {} })).status).toBe(403);
  });

  test('of an administrator administers only when it says so', async () => {
    const made = async (...scopes: string[]): Promise<string> => (await call('POST', '/api/tokens', { body: { scopes } })).json.token;
    const [plain, may] = [await made('read', 'write'), await made('read', 'administer')];
    expect([await statusAs(plain, '/api/people'), await statusAs(may, '/api/people')]).toEqual([403, 200]);
  });

  test('is listed without itself, and revoked one by one, by its owner alone', async () => {
    const [ada, bob] = [await register(), await register()];
    const { json: one } = await call('POST', '/api/tokens', { as: ada.token, body: { days: 1 } });
    const listed = await call('GET', '/api/tokens', { as: ada.token });
    expect(listed.json.tokens).toMatchObject([{ id: one.tokenId, revokedFrom: null }]);
    expect(JSON.stringify(listed.json)).not.toContain(one.token);
    expect((await call('DELETE', `/api/tokens/${one.tokenId}`, { as: bob.token })).status).toBe(404);
    expect(await statusAs(one.token)).toBe(200);
    expect((await call('DELETE', `/api/tokens/${one.tokenId}`, { as: ada.token })).status).toBe(200);
    await until(async () => (await statusAs(one.token)) === 401);
    expect(await statusAs(ada.token)).toBe(200);
  });

  test('that is rotated stays valid for the grace, and the next one has its scopes', async () => {
    const { token } = await register();
    const { json: old } = await call('POST', '/api/tokens', { as: token, body: { scopes: ['read'] } });
    const later = await call('POST', `/api/tokens/${old.tokenId}/rotate`, { as: token, body: { graceHours: 1 } });
    expect([later.status, await statusAs(old.token), await statusAs(later.json.token)]).toEqual([201, 200, 200]);
    expect((await call('GET', '/api/me', { as: later.json.token })).json.scopes).toEqual(['read']);
    const { json: last } = await call('POST', `/api/tokens/${later.json.tokenId}/rotate`, { as: token, body: { graceHours: 0 } });
    await until(async () => (await statusAs(later.json.token)) === 401);
    expect(await statusAs(last.token)).toBe(200);
  });

  test('of before a sign-out stands for nobody after it', async () => {
    const { token } = await register();
    const { json: other } = await call('POST', '/api/tokens', { as: token, body: {} });
    expect((await call('POST', '/api/me/sign-out', { as: token, body: {} })).status).toBe(200);
    await until(async () => (await statusAs(token)) === 401 && (await statusAs(other.token)) === 401);
  });

  test('of a viewer writes nothing', async () => {
    const { token } = await tokens.access({ id: 'person_viewer' as PersonId, kind: 'person', roles: ['viewer'] });
    expect((await call('POST', '/api/conversations', { as: token, body: {} })).status).toBe(403);
    expect(await statusAs(token, '/api/conversations')).toBe(200);
  });
});
