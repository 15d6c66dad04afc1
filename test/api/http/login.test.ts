import { randomBytes } from 'node:crypto';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoginOptions, loginRoutes } from '../../../src/api/http/login/routes.ts';
import { disablePerson, enablePerson } from '../../../src/commands/person.ts';
import { PersonId } from '../../../src/domain/ids.ts';
import { type FakeOpenId, startFakeOpenId } from '../../harness/fake-openid.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { newVisitor, type Visitor } from '../../harness/visitor.ts';
import { rawRequest } from './raw-request.ts';
import { startServer, type TestServer } from './start-server.ts';

const clock = {
  get now() {
    return new Date();
  },
};
const secret = randomBytes(32);
const serverWith = async (options: Partial<LoginOptions>, more: Parameters<typeof startServer>[0] = {}): Promise<TestServer> => {
  // Its views are known only once it is there.
  const known: LoginOptions['known'] = {
    ofIdentity: (identity) => server.installation.kernel.known.ofIdentity(identity),
    standingOf: (person) => server.installation.kernel.known.standingOf(person),
  };
  const routes = loginRoutes({ providers: [], secret, stateSecret: secret, open: true, known, perMinute: 10_000, ...options });
  const server: TestServer = await startServer({ annals: { clock, ...more.annals }, server: { localPerson: false, routes, ...more.server } });
  return server;
};

let fake: FakeOpenId;
let other: FakeOpenId;
let server: TestServer;
beforeAll(async () => {
  fake = await startFakeOpenId();
  other = await startFakeOpenId();
  server = await serverWith({ providers: [fake.config(), other.config({ key: 'other' }), fake.config({ key: 'checked', pkce: 'on' })] });
  await loggedIn({ sub: 'the first of all' });
});
afterAll(async () => {
  await server.stop();
  await Promise.all([fake.stop(), other.stop()]);
});

let codes = 0;
/** Begins a login and answers what the provider would have sent back. */
async function begun(visitor: Visitor, { on = server, key = 'fake', search = '' } = {}) {
  const response = await visitor.get(`${on.url}/login/${key}${search}`);
  expect(response.status).toBe(303);
  const asked = new URL(response.headers.get('location') ?? '').searchParams;
  const code = `code${++codes}.${asked.get('nonce')}`;
  const callback = (more: Record<string, string> = {}) =>
    `${on.url}/login/${key}/callback?${new URLSearchParams({ code, state: asked.get('state') ?? '', ...more })}`;
  return { asked, code, callback };
}
const whoIs = async (visitor: Visitor, on = server) => {
  const response = await visitor.get(`${on.url}/api/me`);
  return response.status === 200
    ? ((await response.json()) as { id: string; roles: string[]; name?: string; email?: string; picture?: string })
    : undefined;
};
async function login(claims: FakeOpenId['next'], { on = server, key = 'fake', at = fake, visitor = newVisitor() } = {}) {
  at.next = claims;
  const { callback } = await begun(visitor, { on, key });
  const response = await visitor.get(callback());
  return { visitor, response, me: await whoIs(visitor, on) };
}
const loggedIn = async (claims: FakeOpenId['next'], options: Parameters<typeof login>[1] = {}) => {
  const { response, me, ...rest } = await login(claims, options);
  expect([response.status, response.headers.get('location')]).toEqual([303, '/app/']);
  if (!me) throw new Error('Nobody is logged in.');
  return { me, ...rest };
};
let subjects = 0;
const newSubject = () => `subject ${++subjects}`;

describe('somebody who logs in', () => {
  test.each(['fake', 'checked'])('for the first time is a new member, and the same person ever after (%s)', async (key) => {
    const sub = newSubject();
    const first = await loggedIn({ sub, name: 'Ada', email: 'ada@example.org', picture: 'https://example.org/a.png' }, { key });
    expect(first.me).toMatchObject({ roles: ['member'], name: 'Ada', email: 'ada@example.org', picture: 'https://example.org/a.png' });
    const again = await loggedIn({ sub, name: 'Somebody else', email: 'changed@example.org' }, { key });
    expect(again.me).toMatchObject({ id: first.me.id, name: 'Ada', email: 'ada@example.org' });
  });

  test('keeps the name that was chosen here', async () => {
    const sub = newSubject();
    const { visitor } = await loggedIn({ sub, name: 'Ada' });
    expect((await visitor.send('PATCH', `${server.url}/api/me`, { name: 'Countess' })).status).toBe(200);
    expect((await loggedIn({ sub, name: 'Ada' })).me.name).toBe('Countess');
  });

  test('has a name from the userinfo endpoint where the ID token says none, but only from that of the same subject', async () => {
    const sub = newSubject();
    fake.userinfo = { sub, name: 'From there', email: 'there@example.org' };
    expect((await loggedIn({ sub })).me).toMatchObject({ name: 'From there', email: 'there@example.org' });
    fake.userinfo = { sub: 'another', name: 'Mallory' };
    expect((await loggedIn({ sub: newSubject() })).me.name ?? null).toBeNull();
    fake.userinfo = undefined;
  });

  test('goes back to where the way began, in a session that says how', async () => {
    const visitor = newVisitor();
    fake.next = { sub: newSubject() };
    const { callback } = await begun(visitor, { search: '?returnTo=%2Fapp%2Fsettings%2Ftokens%3Fa%3D1' });
    const response = await visitor.get(callback());
    expect(response.headers.get('location')).toBe('/app/settings/tokens?a=1');
    const { sessions } = await (await visitor.get(`${server.url}/api/sessions`)).json();
    expect(sessions).toMatchObject([{ method: 'oidc:fake', current: true }]);
  });

  test('is sent to the provider with a state, a nonce, the own address, and the verifier’s hash only where it is checked', async () => {
    const plain = (await begun(newVisitor())).asked;
    const checked = (await begun(newVisitor(), { key: 'checked' })).asked;
    for (const asked of [plain, checked])
      expect(Object.fromEntries(asked)).toMatchObject({
        response_type: 'code',
        client_id: 'annals',
        scope: 'openid profile email',
        nonce: expect.stringMatching(/^.{16,}$/),
      });
    expect(plain.get('redirect_uri')).toBe(`${server.url}/login/fake/callback`);
    expect(plain.has('code_challenge')).toBe(false);
    expect(checked.get('code_challenge_method')).toBe('S256');
  });

  test('who is shut out is told so, and comes in no more', async () => {
    const sub = newSubject();
    const { me } = await loggedIn({ sub });
    await server.installation.kernel.tell(administrator, disablePerson({ person: PersonId.parse(me.id) }));
    const refused = await login({ sub });
    expect([refused.response.status, refused.me]).toEqual([400, undefined]);
    expect(await refused.response.text()).toContain('disabled');
    await server.installation.kernel.tell(administrator, enablePerson({ person: PersonId.parse(me.id) }));
  });
});

describe('an identity is who the issuer says under which subject, and nothing else', () => {
  test.each([
    ['with a verified e-mail address', { email_verified: true }],
    ['with one that is not', { email_verified: false }],
    ['with one of which nothing is said', {}],
    ['with one that is verified as a text', { email_verified: 'true' }],
  ])('the e-mail address of somebody else leads to nobody else’s account: %s', async (_what, verified) => {
    const ada = await loggedIn({ sub: newSubject(), email: 'shared@example.org', email_verified: true });
    for (const email of ['shared@example.org', 'SHARED@example.org']) {
      const mallory = await loggedIn({ sub: newSubject(), email, ...verified }, { key: 'other', at: other });
      expect(mallory.me.id).not.toBe(ada.me.id);
      expect((await loggedIn({ sub: newSubject(), email, ...verified })).me.id).not.toBe(ada.me.id);
    }
  });

  test('the same subject at another issuer is another person', async () => {
    const sub = newSubject();
    const [here, there] = [await loggedIn({ sub }), await loggedIn({ sub }, { key: 'other', at: other })];
    expect(here.me.id).not.toBe(there.me.id);
  });

  test('a changed e-mail address is still the same person', async () => {
    const sub = newSubject();
    const [before, after] = [await loggedIn({ sub, email: 'a@example.org' }), await loggedIn({ sub, email: 'b@example.org' })];
    expect(after.me.id).toBe(before.me.id);
  });
});

describe('an ID token that cannot be trusted', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const stranger = generateKeyPair('RS256');
  const signedBy = async (claims: object, key: Parameters<SignJWT['sign']>[0], header: { alg: string; [more: string]: unknown }) =>
    new SignJWT({ ...claims }).setProtectedHeader(header).setIssuedAt().setExpirationTime('1m').sign(key);
  const forged: [string, FakeOpenId['next']][] = [
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'billing' }],
    ['for several clients, and not for us', { aud: ['annals', 'billing'], azp: 'billing' }],
    ['for several clients, without a word for which', { aud: ['annals', 'billing'] }],
    ['that is over', { exp: now() - 120 }],
    ['that is not valid yet', { nbf: now() + 3600 }],
    ['of another login', { nonce: 'x'.repeat(32) }],
    ['without a nonce', { nonce: undefined }],
    ['without a subject', { sub: undefined }],
    ['of an empty subject', { sub: '' }],
    ['without a signature', async (right) => new UnsecuredJWT({ ...right, sub: newSubject() }).setIssuedAt().setExpirationTime('1m').encode()],
    [
      'signed by somebody else',
      async (right) => signedBy({ ...right, sub: newSubject() }, (await stranger).privateKey, { alg: 'RS256', kid: 'one' }),
    ],
    [
      'signed with the client’s secret',
      async (right) => signedBy({ ...right, sub: newSubject() }, Buffer.from('secret'.padEnd(32, '!')), { alg: 'HS256' }),
    ],
    [
      'that brings its own key',
      async (right) => signedBy({ ...right, sub: newSubject() }, (await stranger).privateKey, { alg: 'RS256', jku: 'https://evil.example/keys' }),
    ],
    [
      'whose payload was changed',
      async (right) => {
        const [head, payload = '', signature] = (await fake.sign({ ...right, sub: newSubject() })).split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
        return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'victim' })).toString('base64url'), signature].join('.');
      },
    ],
    ['that is none', async () => 'x.y.z'],
    ['that is a megabyte of nothing', async () => 'x'.repeat(1024 * 1024)],
  ];
  test.each(forged.flatMap(([what, claims]) => ['fake', 'checked'].map((key) => [what, key, claims] as const)))(
    '%s lets nobody in (%s)',
    async (_what, key, claims) => {
      const { response, me } = await login(typeof claims === 'function' ? claims : { sub: newSubject(), ...claims }, { key });
      expect([response.status, me]).toEqual([400, undefined]);
      expect(response.headers.get('location')).toBeNull();
      expect(response.headers.getSetCookie().some((line) => line.startsWith('annals='))).toBe(false);
    },
  );
});

describe('an answer that does not belong to a login of this browser is refused', () => {
  const refused = async (visitor: Visitor, url: string) => {
    const response = await visitor.get(url);
    expect([response.status, response.headers.get('location'), await whoIs(visitor)]).toEqual([400, null, undefined]);
  };
  test('without the state, with another one, or with two', async () => {
    for (const change of [
      (url: string) => url.replace(/&state=[^&]*/, ''),
      (url: string) => `${url.replace(/state=[^&]*/, 'state=')}${'x'.repeat(32)}`,
      (url: string) => `${url}&state=x`,
    ]) {
      const visitor = newVisitor();
      await refused(visitor, change((await begun(visitor)).callback()));
    }
  });
  test('in a browser that has begun none, or one at another provider', async () => {
    const { callback } = await begun(newVisitor());
    await refused(newVisitor(), callback());
    const elsewhere = newVisitor();
    const { callback: theirs } = await begun(elsewhere, { key: 'other' });
    await refused(elsewhere, theirs().replace('/login/other/', '/login/fake/'));
  });
  test('a second time, though its cookie is brought back', async () => {
    fake.next = { sub: newSubject() };
    const visitor = newVisitor();
    const { callback } = await begun(visitor);
    const kept = new Map(visitor.cookies);
    expect((await visitor.get(callback())).status).toBe(303);
    await refused(newVisitor(), callback());
    const thief = newVisitor();
    for (const [name, value] of kept) thief.cookies.set(name, value);
    await refused(thief, callback());
  });
  test('that says it comes from another issuer', async () => {
    const visitor = newVisitor();
    await refused(visitor, (await begun(visitor)).callback({ iss: other.issuer }));
  });
  test('in which the provider refuses', async () => {
    const visitor = newVisitor();
    const { callback } = await begun(visitor);
    await refused(visitor, `${callback().replace(/code=[^&]*&/, '')}&error=access_denied&error_description=%3Cscript%3E`);
  });
  test('whose cookie was changed', async () => {
    const visitor = newVisitor();
    const { callback } = await begun(visitor);
    for (const [name, value] of visitor.cookies) visitor.cookies.set(name, `${value.slice(0, -2)}xx`);
    await refused(visitor, callback());
  });
});

test.each([
  '//evil.example',
  '/\\evil.example',
  '\\/evil.example',
  'https://evil.example',
  'javascript:alert(1)',
  'evil',
  '/\t/evil.example',
  '/app/\u0000',
  '/%0d%0ax',
  '',
])('a login leads to no other place than one of ours: %s', async (returnTo) => {
  const response = await newVisitor().get(`${server.url}/login/fake?returnTo=${encodeURIComponent(returnTo)}`);
  if (response.status === 303) expect(returnTo).toBe('/%0d%0ax');
  else expect([response.status, response.headers.get('location')]).toEqual([400, null]);
});

test('what a client says of its host changes nothing of the way to the provider', async () => {
  const ask = (headers: Record<string, string>) => rawRequest(server.port, 'GET', '/login/fake', { host: `127.0.0.1:${server.port}`, ...headers });
  expect((await ask({ host: 'evil.example' })).status).toBe(421);
  const forwarded = await ask({ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' });
  expect(forwarded.status).toBe(303);
  expect(JSON.stringify(forwarded)).not.toContain('evil.example');
});

test('nothing of a login can be asked for by pages of other origins, and no method but its own', async () => {
  const asked = await server.call('GET', '/login/providers', { headers: { origin: 'https://evil.example' } });
  expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  expect((await server.call('POST', '/login/fake', { body: {} })).status).toBe(405);
  expect((await server.call('GET', '/login/nobody')).status).toBe(404);
  expect(await (await server.call('GET', '/login/providers')).json()).toMatchObject({
    providers: [{ key: 'fake', label: 'Fake' }, { key: 'other' }, { key: 'checked' }],
  });
});

test('a provider that does not answer is said to, and tried again at the next login', async () => {
  const absent = await startFakeOpenId();
  const down = await serverWith({ providers: [absent.config()] });
  await absent.stop();
  expect((await newVisitor().get(`${down.url}/login/fake`)).status).toBe(503);
  await down.stop();
});
