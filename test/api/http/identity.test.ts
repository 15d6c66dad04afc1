import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { route } from '../../../src/api/http/route.ts';
import { sendStream } from '../../../src/api/http/stream.ts';
import { person } from '../../harness/memory-annals.ts';
import { rawRequest } from './raw-request.ts';
import { bearer, startServer, type TestServer } from './start-server.ts';

/** A stream that knows nothing of persons and never ends. */
const endless = route({
  method: 'GET',
  path: '/test/endless',
  summary: 'Never ends',
  tags: ['Test'],
  responses: { 200: { description: 'Nothing.', contentType: 'text/plain' } },
  handle: async ({ res, signal }) => {
    await sendStream(res, { headers: { 'content-type': 'text/plain' }, signal, frames: nothing(signal) });
    return undefined;
  },
});
async function* nothing(signal: AbortSignal): AsyncGenerator<string> {
  yield 'begun';
  if (!signal.aborted) await once(signal, 'abort');
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ server: { routes: [endless] } });
});
afterAll(() => server.stop());

const who = async (headers: Record<string, string>, on: TestServer = server): Promise<string> => {
  const { status, text } = await rawRequest(on.port, 'GET', '/api/me', { host: `127.0.0.1:${on.port}`, ...headers });
  return status === 200 ? JSON.parse(text).id : String(status);
};
const own = () => `http://127.0.0.1:${server.port}`;

test.each([
  ['no Origin at all is the local person', () => ({}), 'person_local'],
  ['the same origin is the local person', () => ({ 'sec-fetch-site': 'same-origin', origin: own() }), 'person_local'],
  ['an address that was typed in is the local person', () => ({ 'sec-fetch-site': 'none' }), 'person_local'],
  ['the name localhost is as good as the number', () => ({ host: `localhost:${server.port}` }), 'person_local'],
  ['another site is nobody', () => ({ 'sec-fetch-site': 'cross-site' }), '401'],
  ['another site that loads an image is nobody', () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), '401'],
  ['another port of this machine is nobody', () => ({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' }), '401'],
  ['another origin is nobody, whatever it says of its site', () => ({ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }), '401'],
  ['an Origin without a word of the site is nobody', () => ({ origin: own() }), '401'],
  ['the origin null is nobody', () => ({ origin: 'null' }), '401'],
  ['a key that OpenAI clients must send counts as none', () => ({ authorization: 'Bearer sk-local' }), 'person_local'],
  ['so does a word', () => ({ authorization: 'Bearer not-needed' }), 'person_local'],
  ['a key that is none of ours helps no other site', () => ({ authorization: 'Bearer sk-local', 'sec-fetch-site': 'cross-site' }), '401'],
  [
    'headers of proxies change nobody',
    () => ({ 'x-user-id': 'admin', 'x-forwarded-user': 'admin', 'x-request-from': 'internal', 'sec-fetch-site': 'cross-site' }),
    '401',
  ],
  [
    'nor do they take anything away',
    () => ({ 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' }),
    'person_local',
  ],
])('%s', async (_law, headers, expected) => {
  expect(await who(headers())).toBe(expected);
});

test('on any other address the local person does not exist', async () => {
  const open = await startServer({ server: { localPerson: false } });
  expect(await who({}, open)).toBe('401');
  expect(await who({ 'sec-fetch-site': 'same-origin' }, open)).toBe('401');
  await open.stop();
});

test('a token of ours stands for its person, from any origin', async () => {
  const { token } = await server.tokens.access(person('ada'));
  expect(await who({ ...bearer(token), origin: 'http://localhost:3000', 'sec-fetch-site': 'cross-site' })).toBe('person_ada');
});

test('what is no valid access token is 401, never the local person', async () => {
  const secret = randomBytes(32);
  const options = { secret, issuer: 'installation-under-test' };
  const of = (change: (jwt: SignJWT) => SignJWT, key: Parameters<SignJWT['sign']>[0] = secret, header = {}) =>
    change(
      new SignJWT({ kind: 'person', roles: ['administrator'], jti: 'j' })
        .setSubject('person_local')
        .setIssuer(options.issuer)
        .setAudience('annals')
        .setExpirationTime('1h'),
    )
      .setProtectedHeader({ alg: 'HS256', ...header })
      .sign(key);
  const same = (jwt: SignJWT) => jwt;
  const mine = await startServer({ server: { tokens: createTokens(options) } });
  expect(await who(bearer(await of(same)), mine)).toBe('person_local');
  const { privateKey } = await generateKeyPair('RS256');
  const valid = await of(same);
  const [head = '', payload = '', signature = ''] = valid.split('.');
  const forged = {
    'signed by another': await of(same, randomBytes(32)),
    expired: await of((jwt) => jwt.setExpirationTime(Math.floor(Date.now() / 1000) - 1)),
    'not valid yet': await of((jwt) => jwt.setNotBefore('1h')),
    'for another audience': await of((jwt) => jwt.setAudience('billing')),
    'of another issuer': await of((jwt) => jwt.setIssuer('https://idp.example')),
    'without an expiry': await new SignJWT({ kind: 'person', roles: [], jti: 'j' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('person_x')
      .setIssuer(options.issuer)
      .setAudience('annals')
      .sign(secret),
    'without a signature': new UnsecuredJWT({ kind: 'person', roles: ['administrator'], jti: 'j' })
      .setSubject('person_local')
      .setIssuer(options.issuer)
      .setAudience('annals')
      .setExpirationTime('1h')
      .encode(),
    'of another algorithm': await new SignJWT({ kind: 'person', roles: [], jti: 'j' })
      .setProtectedHeader({ alg: 'RS256' })
      .setSubject('person_x')
      .setIssuer(options.issuer)
      .setAudience('annals')
      .setExpirationTime('1h')
      .sign(privateKey),
    'with its signature cut off': `${head}.${payload}.`,
    'with other claims': `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'person_other' })).toString('base64url')}.${signature}`,
    'a person with the name of a visitor': await of((jwt) => jwt.setSubject('person_anon_1')),
    'a refresh token': (await createTokens(options).refresh(person('x', 'anonymous').id)).token,
    'a refresh token without its prefix': (await createTokens(options).refresh(person('x', 'anonymous').id)).token.slice('refresh_'.length),
    'an encrypted one': 'a.b.c.d.e',
  };
  const answers = await Promise.all(Object.entries(forged).map(async ([law, token]) => [law, await who(bearer(token), mine)]));
  expect(answers).toEqual(Object.keys(forged).map((law) => [law, '401']));
  const header = await of(same, secret, {
    kid: '../../etc/passwd',
    jku: 'http://127.0.0.1:1/',
    x5u: 'http://127.0.0.1:1/',
    jwk: { kty: 'oct', k: 'AA' },
  });
  expect(await who(bearer(header), mine), 'what the header points to is not looked at').toBe('person_local');
  expect(await rawRequest(mine.port, 'GET', '/api/me', { host: `127.0.0.1:${mine.port}`, ...bearer(`a.${'b'.repeat(20_000)}.c`) })).toMatchObject({
    status: 431,
  });
  await mine.stop();
});

test('a secret too short to sign with is refused', () => {
  expect(() => createTokens({ secret: randomBytes(31), issuer: 'x' })).toThrow(/32 bytes/);
});

test('a token that was asked for with a token never outlives it', async () => {
  const { token } = await server.tokens.access(person('ada'), { seconds: 60 });
  const answer = await server.call('POST', '/aui/v1/auth/tokens', { headers: bearer(token) });
  const { token: next } = (await answer.json()) as { token: string };
  const [old, young] = await Promise.all([server.tokens.verify(token), server.tokens.verify(next)]);
  expect(young?.principal).toEqual(old?.principal);
  expect(young?.expires).toBeLessThanOrEqual(old?.expires ?? 0);
});

interface Pair {
  access_token: string;
  refresh_token: { token: string; expires_at: string };
}
const mint = async (headers: Record<string, string> = {}): Promise<Pair> =>
  (await (await server.call('POST', '/aui/v1/auth/tokens/anonymous', { headers })).json()) as Pair;

test('each anonymous visitor is a new person, and refreshing keeps who it is', async () => {
  const [one, two] = [await mint(), await mint({ origin: 'http://localhost:3000' })];
  const refreshed = (await (
    await server.call('POST', '/aui/v1/auth/tokens/refresh', { body: { refresh_token: one.refresh_token.token } })
  ).json()) as Pair;
  const ids = await Promise.all([one, two, refreshed].map(({ access_token }) => who(bearer(access_token))));
  expect(ids[0]).toMatch(/^person_anon_/);
  expect(ids[1]).not.toBe(ids[0]);
  expect(ids[2]).toBe(ids[0]);
  expect(Date.parse(one.refresh_token.expires_at)).toBeGreaterThan(Date.now() + 29 * 24 * 3600_000);
  expect(JSON.parse(atob(one.access_token.split('.')[1] ?? '').toString()).exp).toBeTypeOf('number');
});

test('pages of origins that are not listed get no anonymous tokens', async () => {
  for (const origin of ['https://evil.example', 'null', 'https://localhost.evil.example']) {
    expect((await server.call('POST', '/aui/v1/auth/tokens/anonymous', { headers: { origin } })).status).toBe(403);
  }
});

test('a token that is no refresh token refreshes nothing', async () => {
  const { access_token } = await mint();
  const person1 = await server.tokens.access(person('ada'));
  for (const refresh_token of [access_token, `refresh_${access_token}`, `refresh_${person1.token}`, 'refresh_', 'x', '']) {
    expect((await server.call('POST', '/aui/v1/auth/tokens/refresh', { body: { refresh_token } })).status).toBe(401);
  }
});

test('a claim moves the threads, and ends the visitor: its tokens, its refresh token, its open streams', async () => {
  const visitor = await mint();
  const asVisitor = { headers: bearer(visitor.access_token) };
  const started = (await (await server.call('POST', '/api/conversations', { ...asVisitor, body: { title: 'Mine' } })).json()) as {
    conversationId: string;
  };
  const feed = await server.call('GET', '/api/events', asVisitor);
  const stream = await server.call('GET', '/test/endless', asVisitor);
  expect([feed.status, stream.status]).toEqual([200, 200]);

  const { token } = await server.tokens.access(person('claimer'));
  const refused = await server.call('POST', '/aui/v1/threads/claim', { ...asVisitor, body: { refresh_token: visitor.refresh_token.token } });
  expect(refused.status, 'a visitor claims nothing').toBe(403);
  const claim = () => server.call('POST', '/aui/v1/threads/claim', { headers: bearer(token), body: { refresh_token: visitor.refresh_token.token } });
  expect(await (await claim()).json()).toEqual({ moved: 1 });
  expect(await (await claim()).json(), 'once more is the same').toEqual({ moved: 1 });
  const other = await server.tokens.access(person('other'));
  expect(
    (await server.call('POST', '/aui/v1/threads/claim', { headers: bearer(other.token), body: { refresh_token: visitor.refresh_token.token } }))
      .status,
  ).toBe(409);

  expect(await who(bearer(visitor.access_token))).toBe('401');
  expect((await server.call('POST', '/aui/v1/auth/tokens/refresh', { body: { refresh_token: visitor.refresh_token.token } })).status).toBe(401);
  await feed.text();
  expect(await stream.text()).toBe('begun');
  const list = (await (await server.call('GET', '/api/conversations', { headers: bearer(token) })).json()) as { conversations: { id: string }[] };
  expect(list.conversations.map(({ id }) => id)).toEqual([started.conversationId]);
  const renamed = await server.call('PUT', `/api/conversations/${started.conversationId}/title`, { headers: bearer(token), body: { title: 'Ours' } });
  expect(renamed.status).toBe(200);
});

test('an address that mints too often is told to wait', async () => {
  const busy = await startServer();
  const answers = await Promise.all(
    Array.from({ length: 31 }, () => busy.call('POST', '/aui/v1/auth/tokens/anonymous', { headers: { 'x-forwarded-for': String(Math.random()) } })),
  );
  const late = answers.filter(({ status }) => status === 429);
  expect(late).toHaveLength(1);
  expect(Number(late[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  await busy.stop();
});
