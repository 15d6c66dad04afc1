import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assistantUiRoutes } from '../../../src/api/assistant-ui/index.ts';
import { openSession } from '../../../src/api/http/identity/open-session.ts';
import { openRoute } from '../../../src/api/http/route.ts';
import { disablePerson, enablePerson, registerPerson, signOutEverywhere } from '../../../src/commands/person.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { PersonId } from '../../../src/domain/ids.ts';
import { administrator, newDisk } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { rawRequest } from './raw-request.ts';
import { bearer, startServer, type TestServer } from './start-server.ts';

const DAY = 24 * 3600_000;
const clock = {
  get now() {
    return new Date();
  },
};
/** Proves nothing: whoever calls it is whom they say. */
const enter = openRoute({
  method: 'POST',
  path: '/test/enter/{person}',
  summary: 'Log in',
  tags: ['Test'],
  responses: { 200: { description: 'In.' } },
  handle: async (visit) => {
    const person = PersonId.parse(visit.req.params.person);
    const { setCookie } = await openSession(visit, { person, method: 'test' });
    return { status: 200, headers: { 'set-cookie': setCookie } };
  },
});

let server: TestServer;
beforeAll(async () => {
  const routes = [enter, ...assistantUiRoutes({ secret: Buffer.alloc(32, 6) })];
  server = await startServer({ annals: { clock }, server: { localPerson: false, routes } });
});
afterAll(() => server.stop());

let count = 0;
const own = () => ({ origin: server.url });
interface Browser {
  readonly person: PersonId;
  readonly headers: Record<string, string>;
}
const registered = async (): Promise<PersonId> => {
  const person = PersonId.parse(`person_p${++count}`);
  const told = await server.installation.kernel.tell(annals(person), registerPerson({ person, via: 'registration', roles: ['member'], profile: {} }));
  expect(told.ok).toBe(true);
  return person;
};
const login = async (person: PersonId, agent = 'Test/1'): Promise<Browser> => {
  const response = await server.call('POST', `/test/enter/${person}`, { headers: { 'user-agent': agent } });
  expect(response.status).toBe(200);
  const [cookie = ''] = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  return { person, headers: { cookie } };
};
const loggedIn = async (): Promise<Browser> => login(await registered());
const status = async (headers: Record<string, string>, path = '/api/me'): Promise<number> => (await server.call('GET', path, { headers })).status;
// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const post = async (path: string, headers: Record<string, string>, body: unknown = {}, method = 'POST'): Promise<{ status: number; json: any }> => {
  const response = await server.call(method, path, { headers: { ...own(), ...headers }, body });
  return { status: response.status, json: await response.json().catch(() => undefined) };
};
const out = (headers: Record<string, string>): Promise<void> => until(async () => (await status(headers)) === 401);

describe('a cookie', () => {
  test('stands for its person, is hidden from scripts, and its secret is nowhere in the log', async () => {
    const person = await registered();
    const response = await server.call('POST', `/test/enter/${person}`);
    const [line = ''] = response.headers.getSetCookie();
    expect(line).toMatch(/^annals=session_[0-9a-f]{32}\.[\w-]{43}; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax$/);
    const cookie = line.split(';')[0] ?? '';
    const me = await (await server.call('GET', '/api/me', { headers: { cookie } })).json();
    expect(me).toMatchObject({ id: person, kind: 'person', roles: ['member'] });
    const [, session = '', secret = ''] = /=(session_\w+)\.(.+)/.exec(cookie) ?? [];
    const stored: string[] = [];
    for await (const event of server.installation.disk.store.read(`session-${session}`)) stored.push(JSON.stringify(event.data));
    expect(stored).toHaveLength(1);
    expect(stored.join()).not.toContain(secret);
  });

  test('behind https bears the name that no other host may set', async () => {
    const secure = await startServer({
      annals: { clock },
      server: { localPerson: false, publicUrl: 'https://annals.example', routes: [enter], sessions: { secret: Buffer.alloc(32, 1) } },
    });
    const person = PersonId.parse('person_secure');
    const response = await secure.call('POST', `/test/enter/${person}`);
    const [line = ''] = response.headers.getSetCookie();
    expect(line).toMatch(/^__Host-annals=.+; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/);
    const value = (line.split(';')[0] ?? '').split('=')[1];
    const as = async (name: string) => (await secure.call('GET', '/api/me', { headers: { cookie: `${name}=${value}` } })).status;
    expect([await as('__Host-annals'), await as('annals')]).toEqual([200, 401]);
    await secure.stop();
  });

  test('with another secret, of another session, or given twice is nobody’s', async () => {
    const { headers } = await loggedIn();
    const other = (await loggedIn()).headers.cookie ?? '';
    const { cookie = '' } = headers;
    const flipped = cookie.slice(0, -1) + (cookie.endsWith('A') ? 'B' : 'A');
    const crossed = `${cookie.split('.')[0]}.${other.split('.')[1]}`;
    for (const forged of [flipped, crossed, `${cookie}; ${other}`, 'annals=', 'annals=x.y', `annals=${'x'.repeat(4000)}`])
      expect(await status({ cookie: forged }), forged).toBe(401);
    expect(await status({ cookie: `theme=dark; ${cookie}` })).toBe(200);
  });
});

describe('a page of another origin', () => {
  const as = async (method: string, path: string, headers: Record<string, string>) =>
    (await rawRequest(server.port, method, path, { host: `127.0.0.1:${server.port}`, ...headers })).status;

  test.each([
    ['without a word of where it comes from', () => ({}), 403],
    ['from another site', () => ({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), 403],
    ['from another port of this machine', () => ({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' }), 403],
    ['from another port, by a browser that says nothing of sites', () => ({ origin: 'http://127.0.0.1:3000' }), 403],
    ['by a typed address', () => ({ 'sec-fetch-site': 'none' }), 403],
    ['of the origin null', () => ({ origin: 'null' }), 403],
    ['that lies about its site', () => ({ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }), 403],
    ['by a form of another site', () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'https://evil.example' }), 403],
    ['from the own page', () => ({ 'sec-fetch-site': 'same-origin' }), 200],
    ['from the own page of an old browser', own, 200],
  ] as const)('changes nothing with the cookie: a POST %s', async (_what, headers, expected) => {
    const { headers: cookie } = await loggedIn();
    expect(await as('POST', '/api/me/sign-out', { ...cookie, ...headers() })).toBe(expected);
  });

  test('reads nothing with the cookie either, but a link that somebody follows does', async () => {
    const { headers } = await loggedIn();
    const read = (more: Record<string, string>) => as('GET', '/api/me', { ...headers, ...more });
    expect(await read({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(401);
    expect(await read({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' })).toBe(401);
    expect(await read({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await read({})).toBe(200);
  });
});

/** What goes on in a session: a stream, an address of a file, a token. */
async function everythingOf({ headers }: Browser) {
  const token = (await post('/aui/v1/auth/tokens', headers)).json.token as string;
  const reserved = await post('/aui/v1/files/attachments/generate-presigned-upload-url', headers, { filename: 'a.txt' });
  const put = await fetch(reserved.json.signedUrl, { method: 'PUT', body: 'text', headers: { 'content-type': 'text/plain' } });
  expect(put.status).toBe(200);
  const file = reserved.json.publicUrl as string;
  expect((await fetch(file)).status).toBe(200);
  const streams = await Promise.all([headers, bearer(token)].map((as) => server.call('GET', '/api/events', { headers: as })));
  expect(streams.map(({ status: code }) => code)).toEqual([200, 200]);
  const ended = Promise.all(streams.map((stream) => stream.text().catch(() => '')));
  return { token, file, ended };
}

describe('whatever ends a session ends all that goes on in it, within 5 s', () => {
  test.each([
    ['logging out', async ({ headers }: Browser) => (await post('/api/logout', headers)).status],
    ['ending it elsewhere', async ({ person, headers }: Browser) => revokeFrom(await login(person), headers)],
    ['ending all others elsewhere', async ({ person }: Browser) => (await post('/api/sessions/revoke-others', (await login(person)).headers)).status],
    ['signing out everywhere', async ({ person }: Browser) => (await post('/api/me/sign-out', (await login(person)).headers)).status],
    ['an administrator who ends it', async ({ headers }: Browser) => revokeFrom(undefined, headers)],
    ['an administrator who signs its person out', async ({ person }: Browser) => asAdministrator('POST', `/api/people/${person}/sign-out`)],
    ['an administrator who shuts its person out', async ({ person }: Browser) => asAdministrator('POST', `/api/people/${person}/disable`)],
  ] as const)('%s', { timeout: 30_000 }, async (_what, endIt) => {
    const browser = await loggedIn();
    const { token, file, ended } = await everythingOf(browser);
    const bystander = await loggedIn();
    const since = performance.now();
    expect(await endIt(browser)).toBe(200);
    await Promise.all([out(browser.headers), out(bearer(token)), ended, until(async () => (await fetch(file)).status === 404)]);
    expect(performance.now() - since).toBeLessThan(5000);
    expect(await status(bystander.headers)).toBe(200);
  });
});

const idOf = ({ cookie = '' }: Record<string, string>): string => /session_\w+/.exec(cookie)?.[0] ?? '';
const revokeFrom = async (by: Browser | undefined, headers: Record<string, string>): Promise<number> =>
  by
    ? (await post(`/api/sessions/${idOf(headers)}`, by.headers, undefined, 'DELETE')).status
    : asAdministrator('DELETE', `/api/sessions/${idOf(headers)}`);
const asAdministrator = async (method: string, path: string): Promise<number> => {
  const { token } = await server.tokens.access(administrator);
  return (await server.call(method, path, { headers: bearer(token), ...(method === 'POST' ? { body: {} } : {}) })).status;
};

test('sessions are listed with their devices, the one at hand marked, and nobody sees another’s', async () => {
  const first = await loggedIn();
  const second = await login(first.person, 'Phone/2');
  const { sessions } = await (await server.call('GET', '/api/sessions', { headers: second.headers })).json();
  expect(sessions.map(({ device, current, method, kind }: Record<string, unknown>) => [device, current, method, kind])).toEqual([
    ['Phone/2', true, 'test', 'cookie'],
    ['Test/1', false, 'test', 'cookie'],
  ]);
  const stranger = await loggedIn();
  expect(await status(stranger.headers, `/api/sessions?person=${first.person}`)).toBe(403);
  expect((await post(`/api/sessions/${idOf(first.headers)}`, stranger.headers, undefined, 'DELETE')).status).toBe(404);
  expect(await status(first.headers)).toBe(200);
});

test('logging in again ends the session that this browser had', async () => {
  const { person, headers } = await loggedIn();
  const again = await server.call('POST', `/test/enter/${person}`, { headers });
  expect(again.status).toBe(200);
  await out(headers);
});

test('a person who is shut out opens no session', async () => {
  const person = await registered();
  await server.installation.kernel.tell(administrator, disablePerson({ person }));
  expect((await server.call('POST', `/test/enter/${person}`)).status).toBe(401);
  await server.installation.kernel.tell(administrator, enablePerson({ person }));
  expect((await server.call('POST', `/test/enter/${person}`)).status).toBe(200);
});

test('a session that is used lasts half a year, one that is not lasts a month, and uses of one hour leave one event', async () => {
  const moving = { now: new Date('2026-03-01T00:00:00.000Z') };
  const later = await startServer({ annals: { clock: moving }, server: { localPerson: false, routes: [enter] } });
  const entered = async (person: string): Promise<Record<string, string>> => {
    const response = await later.call('POST', `/test/enter/${person}`);
    return { cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  };
  const as = async (headers: Record<string, string>) => (await later.call('GET', '/api/me', { headers })).status;
  const [used, idle] = [await entered('person_used'), await entered('person_idle')];
  const events = async () => {
    let seen = 0;
    for await (const _ of later.installation.disk.store.read(`session-${idOf(used)}`)) seen++;
    return seen;
  };
  for (let turn = 1; turn <= 7; turn++) {
    moving.now = new Date(moving.now.getTime() + 25 * DAY);
    expect(await Promise.all([as(used), as(used), as(used)])).toEqual([200, 200, 200]);
    await until(async () => (await events()) === 1 + turn);
    moving.now = new Date(moving.now.getTime() + 60_000);
    expect([await as(used), await events()]).toEqual([200, 1 + turn]);
  }
  expect(await as(idle)).toBe(401);
  moving.now = new Date(moving.now.getTime() + 5 * DAY);
  expect(await as(used)).toBe(401);
  await later.stop();
});

describe('a client without cookies', () => {
  const pair = async (browser: Browser) => {
    const { status: code, json } = await post('/api/sessions', browser.headers);
    expect(code).toBe(201);
    return json as { access_token: string; refresh_token: { token: string; expires_at: string } };
  };
  const refresh = (token: string) => post('/aui/v1/auth/tokens/refresh', {}, { refresh_token: token });

  test('gets new tokens for each refresh token once', async () => {
    const browser = await loggedIn();
    let { access_token: access, refresh_token: next } = await pair(browser);
    for (let turn = 0; turn < 3; turn++) {
      expect(await status(bearer(access))).toBe(200);
      const renewed = await refresh(next.token);
      expect(renewed.status).toBe(200);
      expect(renewed.json.refresh_token.token).not.toBe(next.token);
      ({ access_token: access, refresh_token: next } = renewed.json);
    }
    await post('/api/logout', browser.headers);
    await out(browser.headers);
    expect(await status(bearer(access))).toBe(200);
  });

  test('loses its session when a refresh token is used twice, whoever comes first', async () => {
    const { access_token: access, refresh_token: stolen } = await pair(await loggedIn());
    const thief = await refresh(stolen.token);
    expect(thief.status).toBe(200);
    expect((await refresh(stolen.token)).status).toBe(401);
    expect((await refresh(thief.json.refresh_token.token)).status).toBe(401);
    await out(bearer(access));
    await out(bearer(thief.json.access_token));
  });

  test('loses its session when two use a refresh token at the same moment', async () => {
    const { refresh_token: one } = await pair(await loggedIn());
    const both = await Promise.all([refresh(one.token), refresh(one.token)]);
    expect(both.map((answer) => answer.status).toSorted()).toEqual([200, 401]);
    const [winner] = both.filter((answer) => answer.status === 200);
    expect((await refresh(winner?.json.refresh_token.token)).status).toBe(401);
  });

  test('that guesses a refresh token ends nobody’s session', async () => {
    const { refresh_token: mine } = await pair(await loggedIn());
    const guess = mine.token.slice(0, -43) + 'x'.repeat(43);
    expect((await refresh(guess)).status).toBe(401);
    expect((await refresh(mine.token)).status).toBe(200);
  });

  test('has no use for its refresh token as a cookie, nor a browser for its cookie as a refresh token', async () => {
    const browser = await loggedIn();
    const { refresh_token: mine } = await pair(browser);
    expect(await status({ cookie: `annals=${mine.token.slice('renew_'.length)}` })).toBe(401);
    const cookie = (browser.headers.cookie ?? '').slice('annals='.length);
    expect((await refresh(`renew_${cookie}`)).status).toBe(401);
    expect(await status(browser.headers)).toBe(200);
  });

  test('gets none by an access token alone', async () => {
    const { headers } = await loggedIn();
    const token = (await post('/api/tokens', headers, { days: 1 })).json.token as string;
    expect((await post('/api/sessions', bearer(token))).status).toBe(403);
  });
});

test('a token minted from an access token is void with it', async () => {
  const { headers } = await loggedIn();
  const made = (await post('/api/tokens', headers, { days: 1 })).json;
  const minted = (await post('/aui/v1/auth/tokens', bearer(made.token))).json.token as string;
  expect(await status(bearer(minted))).toBe(200);
  expect((await post(`/api/tokens/${made.tokenId}`, headers, undefined, 'DELETE')).status).toBe(200);
  await out(bearer(minted));
});

test('a session that is ended on one node ends on the other, with its streams, its tokens and its addresses, within 5 s', {
  timeout: 30_000,
}, async () => {
  const disk = await newDisk();
  const { tokens } = server;
  const options = {
    annals: { disk, clock },
    server: { localPerson: false, tokens, routes: [enter, ...assistantUiRoutes({ secret: Buffer.alloc(32, 6) })] },
  };
  const [here, there] = await Promise.all([startServer(options), startServer(options)]);
  const person = PersonId.parse('person_of_two_nodes');
  const [ending, kept] = await Promise.all(
    ['a', 'b'].map(async () => {
      const response = await here.call('POST', `/test/enter/${person}`);
      return { cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
    }),
  );
  if (!ending || !kept) throw new Error('Nobody is logged in.');
  const ask = (headers: Record<string, string>) => there.call('GET', '/api/me', { headers });
  await until(async () => (await ask(ending)).status === 200);
  const posted = async (path: string, body: unknown, headers: Record<string, string> = ending) =>
    (await there.call('POST', path, { body, headers: { ...headers, origin: there.url } })).json();
  const { token } = await posted('/aui/v1/auth/tokens', {});
  const { signedUrl, publicUrl } = await posted('/aui/v1/files/attachments/generate-presigned-upload-url', { filename: 'a.txt' });
  expect((await fetch(signedUrl, { method: 'PUT', body: 'x' })).status).toBe(200);
  expect((await fetch(publicUrl)).status).toBe(200);
  const streams = await Promise.all([ending, bearer(token)].map((headers) => there.call('GET', '/api/events', { headers })));
  const ended = Promise.all(streams.map((stream) => stream.text().catch(() => '')));
  const since = performance.now();
  const revoked = await here.call('DELETE', `/api/sessions/${idOf(ending)}`, { headers: { ...kept, origin: here.url } });
  expect(revoked.status).toBe(200);
  await Promise.all([
    ended,
    until(async () => (await ask(ending)).status === 401),
    until(async () => (await ask(bearer(token))).status === 401),
    until(async () => (await fetch(publicUrl)).status === 404),
  ]);
  expect(performance.now() - since).toBeLessThan(5000);
  expect((await ask(kept)).status).toBe(200);
  await Promise.all([here.stop(), there.stop()]);
});

test('whatever else somebody holds of a session is no access token', async () => {
  const { headers } = await loggedIn();
  const credential = (headers.cookie ?? '').slice('annals='.length);
  const renew = (await post('/api/sessions', headers)).json.refresh_token.token as string;
  const { privateKey } = await generateKeyPair('RS256');
  const idToken = await new SignJWT({ nonce: 'n' })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer('https://idp.example')
    .setAudience('annals')
    .setSubject('ada')
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey);
  for (const token of [credential, renew, idToken, renew.slice('renew_'.length)]) expect(await status(bearer(token)), token).toBe(401);
});

test('no page of another origin reads an answer to a cookie, and no socket opens with it from elsewhere', async () => {
  const { headers } = await loggedIn();
  for (const origin of ['https://evil.example', 'null', `${server.url}.evil.example`]) {
    for (const path of ['/api/me', '/api/events']) {
      const answer = await server.call('GET', path, { headers: { ...headers, origin } });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, null]);
    }
  }
  const allowed = await server.call('GET', '/api/me', { headers: { ...headers, ...own() } });
  expect([allowed.status, allowed.headers.get('access-control-allow-credentials')]).toEqual([200, null]);
  const handshake = async (more: Record<string, string>) =>
    (
      await rawRequest(server.port, 'GET', '/api/me', {
        host: `127.0.0.1:${server.port}`,
        connection: 'upgrade',
        upgrade: 'websocket',
        ...headers,
        ...more,
      })
    ).status;
  expect(await handshake({ origin: 'http://127.0.0.1:3000' })).toBe(403);
  expect(await handshake({})).toBe(403);
  expect(await handshake(own())).toBe(200);
});

test.each([
  ['shut out', disablePerson],
  ['signed out', signOutEverywhere],
] as const)(
  'who is %s has nothing left: no session, access token, refresh token or address of a file',
  { timeout: 30_000 },
  async (_what, command) => {
    const browser = await loggedIn();
    const { token, file, ended } = await everythingOf(browser);
    const made = (await post('/api/tokens', browser.headers, { days: 1 })).json.token as string;
    const reserved = await post('/aui/v1/files/attachments/generate-presigned-upload-url', bearer(made), { filename: 'b.txt' });
    expect((await fetch(reserved.json.signedUrl, { method: 'PUT', body: 'text' })).status).toBe(200);
    const { refresh_token: refresh, access_token: access } = (await post('/api/sessions', browser.headers)).json;
    const since = performance.now();
    expect((await server.installation.kernel.tell(administrator, command({ person: browser.person }))).ok).toBe(true);
    const gone = (url: string) => until(async () => (await fetch(url)).status === 404);
    await Promise.all([...[browser.headers, bearer(token), bearer(made), bearer(access)].map(out), ended, gone(file), gone(reserved.json.publicUrl)]);
    expect((await post('/aui/v1/auth/tokens/refresh', {}, { refresh_token: refresh.token })).status).toBe(401);
    expect(performance.now() - since).toBeLessThan(5000);
  },
);
