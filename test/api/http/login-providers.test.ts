import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/api/http/login/provider.ts';
import { loginRoutes } from '../../../src/api/http/login/routes.ts';
import { appleSecret, hasLogin, loginProblems, loginProviders } from '../../../src/main/login-providers.ts';
import { readSettings, type Settings } from '../../../src/settings.ts';
import { type FakeOpenId, startFakeOpenId } from '../../harness/fake-openid.ts';
import { startOidcProvider } from '../../harness/oidc-provider.ts';
import { newVisitor } from '../../harness/visitor.ts';
import { startServer, type TestServer } from './start-server.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const settingsOf = (given: Record<string, string>): Settings => {
  const read = readSettings(given, {}, '/nowhere');
  if (!read.ok) throw new Error(read.message);
  return read.settings;
};
const clock = {
  get now() {
    return new Date();
  },
};
const secret = Buffer.alloc(32, 3);
async function serverWith(
  providers: (url: () => string) => readonly ProviderConfig[],
  { publicUrl, fetch: from }: { publicUrl?: string; fetch?: typeof fetch } = {},
) {
  const known = {
    ofIdentity: (identity: string) => server.installation.kernel.known.ofIdentity(identity),
    standingOf: (person: string) => server.installation.kernel.known.standingOf(person),
  };
  const routes = loginRoutes({
    providers: providers(() => server.url),
    secret,
    stateSecret: secret,
    open: true,
    known,
    publicUrl,
    ...(from ? { fetch: from } : {}),
  });
  const server: TestServer = await startServer({ annals: { clock }, server: { localPerson: false, routes, publicUrl } });
  return server;
}

describe('Apple', () => {
  let fake: FakeOpenId;
  let server: TestServer;
  const settings = settingsOf({
    APPLE_CLIENT_ID: 'annals',
    APPLE_TEAM_ID: 'TEAM',
    APPLE_KEY_ID: 'KEY',
    APPLE_PRIVATE_KEY: p8.replaceAll('\n', '\\n'),
    ANNALS_PUBLIC_URL: 'https://annals.example',
  });
  beforeAll(async () => {
    fake = await startFakeOpenId();
    const [apple] = loginProviders(settings);
    server = await serverWith(() => (apple ? [{ ...apple, issuer: fake.issuer }] : []), { publicUrl: 'https://annals.example' });
  });
  afterAll(async () => {
    await server.stop();
    await fake.stop();
  });

  test('posts its answer from its own page, gives the name once beside it, and gets a secret that the team’s key has signed', async () => {
    expect([...loginProblems(settings)]).toEqual([]);
    const visitor = newVisitor();
    const begun = await visitor.get(`${server.url}/login/apple`);
    expect(begun.headers.getSetCookie()[0]).toMatch(/^__Host-annals-login=.+; HttpOnly; SameSite=None; Secure$/);
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    expect(asked.get('response_mode')).toBe('form_post');
    expect(asked.get('redirect_uri')).toBe('https://annals.example/login/apple/callback');
    const cookie = [...visitor.cookies].map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; ');
    const post = async (code: string, more: Record<string, string> = {}) =>
      fetch(`${server.url}/login/apple/callback`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, origin: 'https://appleid.apple.com' },
        body: new URLSearchParams({ code: `${code}.${asked.get('nonce')}`, state: asked.get('state') ?? '', ...more }),
      });
    fake.next = { email: 'ada@privaterelay.example', email_verified: 'true' };
    const answer = await post('a', { user: JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' }, email: 'x@y.example' }) });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/app/']);
    const session =
      answer.headers
        .getSetCookie()
        .find((line) => line.startsWith('__Host-annals='))
        ?.split(';')[0] ?? '';
    const me = await (await server.call('GET', '/api/me', { headers: { cookie: session } })).json();
    expect(me).toMatchObject({ name: 'Ada Lovelace', email: 'ada@privaterelay.example' });
    const again = await post('b', { user: 'no json' });
    expect(again.status).toBe(303);

    const key = await importSPKI(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'ES256');
    for (const body of fake.asked) {
      const { payload, protectedHeader } = await jwtVerify(body.get('client_secret') ?? '', key, {
        issuer: 'TEAM',
        subject: 'annals',
        audience: 'https://appleid.apple.com',
      });
      expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'KEY' });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(300);
    }
    expect(await appleSecret(settings, 'annals')()).not.toBe('');
  });

  test('is not believed by anything but a form', async () => {
    expect((await server.call('POST', '/login/apple/callback', { body: { code: 'x' } })).status).toBe(415);
  });
});

describe('Microsoft, for all tenants', () => {
  const tenant = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const home = 'https://login.microsoftonline.com';
  let fake: FakeOpenId;
  let server: TestServer;
  beforeAll(async () => {
    fake = await startFakeOpenId({
      issuer: `${home}/{tenantid}/v2.0`,
      authorization_endpoint: `${home}/common/oauth2/v2.0/authorize`,
      token_endpoint: `${home}/common/oauth2/v2.0/token`,
      jwks_uri: `${home}/common/discovery/v2.0/keys`,
      userinfo_endpoint: undefined,
    });
    const places: [RegExp, string][] = [
      [/openid-configuration$/, '/.well-known/openid-configuration'],
      [/\/token$/, '/token'],
      [/\/keys$/, '/keys'],
    ];
    const toFake: typeof fetch = async (input, init) => {
      const path = places.find(([pattern]) => pattern.test(String(input)))?.[1];
      if (path === undefined || !String(input).startsWith(home)) throw new Error(`nothing at ${input}`);
      return fetch(fake.issuer + path, init);
    };
    const providers = loginProviders(settingsOf({ MICROSOFT_CLIENT_ID: 'annals', MICROSOFT_CLIENT_SECRET: 's' }));
    server = await serverWith(() => providers, { fetch: toFake });
  });
  afterAll(async () => {
    await server.stop();
    await fake.stop();
  });
  const login = async (claims: Record<string, unknown>) => {
    fake.next = claims;
    const visitor = newVisitor();
    const asked = new URL((await visitor.get(`${server.url}/login/microsoft`)).headers.get('location') ?? '').searchParams;
    const answer = new URLSearchParams({
      code: `${JSON.stringify(claims).length}${Math.random()}.${asked.get('nonce')}`.replace('0.', ''),
      state: asked.get('state') ?? '',
    });
    const { status } = await visitor.get(`${server.url}/login/microsoft/callback?${answer}`);
    return { status, id: status === 303 ? ((await (await visitor.get(`${server.url}/api/me`)).json()) as { id: string }).id : undefined };
  };

  test('is believed by the issuer of the token’s own tenant, and by no other', async () => {
    const other = tenant.replace('9188', '9189');
    const of = (tid: string, issuer = tid) => ({ sub: 'ada', tid, iss: `${home}/${issuer}/v2.0` });
    const [first, again, elsewhere] = [await login(of(tenant)), await login(of(tenant)), await login(of(other))];
    expect(first.status).toBe(303);
    expect(again.id).toBe(first.id);
    expect(elsewhere.status).toBe(303);
    expect(elsewhere.id).not.toBe(first.id);
    expect((await login(of(tenant, other))).status).toBe(400);
    expect((await login({ sub: 'ada', iss: `${home}/{tenantid}/v2.0` })).status).toBe(400);
    expect((await login({ sub: 'ada', tid: 'x/../evil', iss: `${home}/x/../evil/v2.0` })).status).toBe(400);
  });
});

describe.each([
  ['that knows nothing of PKCE', false, 'off'],
  ['that demands PKCE', true, 'on'],
  ['that demands PKCE, and says that it knows it', true, 'auto'],
] as const)('a provider %s', (_what, demandsPkce, pkce) => {
  test('lets somebody in by its own pages, with the name that it gives', async () => {
    const idp = await startOidcProvider({ demandsPkce });
    const server = await serverWith(() => [
      {
        key: 'idp',
        label: 'IdP',
        issuer: idp.issuer,
        clientId: idp.clientId,
        clientSecret: async () => idp.clientSecret,
        pkce,
        scopes: ['profile', 'email'],
      },
    ]);
    idp.serve(`${server.url}/login/idp/callback`);
    const visitor = newVisitor();
    idp.account = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true };
    const { response, url } = await visitor.go(`${server.url}/login/idp?returnTo=/app/c/x`);
    expect([response.status < 500, url]).toEqual([true, `${server.url}/app/c/x`]);
    const me = await (await visitor.get(`${server.url}/api/me`)).json();
    expect(me).toMatchObject({ name: 'Ada Lovelace', email: 'ada@example.org', roles: ['administrator', 'member'] });
    await server.stop();
    await idp.stop();
  });
});

describe('the settings of logins', () => {
  const mine = {
    ANNALS_OIDC_WORK_ISSUER: 'https://idp.example/realms/work',
    ANNALS_OIDC_WORK_CLIENT_ID: 'annals',
    ANNALS_OIDC_WORK_CLIENT_SECRET: 's',
  };
  test('name any number of providers', () => {
    const settings = settingsOf({
      ...mine,
      ANNALS_OIDC_WORK_LABEL: 'Our work',
      ANNALS_OIDC_WORK_SCOPES: 'openid profile groups',
      ANNALS_OIDC_HOME_ISSUER: 'http://127.0.0.1:8080',
      ANNALS_OIDC_HOME_CLIENT_ID: 'x',
      GOOGLE_CLIENT_ID: 'g',
      GOOGLE_CLIENT_SECRET: 's',
    });
    expect(loginProviders(settings)).toMatchObject([
      { key: 'google', issuer: 'https://accounts.google.com', pkce: 'off' },
      { key: 'work', label: 'Our work', issuer: 'https://idp.example/realms/work', pkce: 'auto', scopes: ['profile', 'groups'] },
      { key: 'home', label: 'Home', pkce: 'on', clientSecret: undefined },
    ]);
    expect([hasLogin(settings), hasLogin(settingsOf({}))]).toEqual([true, false]);
  });
  test.each([
    ['an issuer without https', { ...mine, ANNALS_OIDC_WORK_ISSUER: 'http://idp.example' }, 'ANNALS_OIDC_WORK_ISSUER'],
    ['no issuer', { ANNALS_OIDC_WORK_CLIENT_ID: 'x' }, 'ANNALS_OIDC_WORK_ISSUER'],
    ['no client', { ANNALS_OIDC_WORK_ISSUER: 'https://idp.example' }, 'ANNALS_OIDC_WORK_CLIENT_ID'],
    ['a word that there is not', { ...mine, ANNALS_OIDC_WORK_PKCE: 'perhaps' }, 'ANNALS_OIDC_WORK_PKCE'],
    ['a field that there is not', { ...mine, ANNALS_OIDC_WORK_TYPE: 'x' }, 'There is no setting ANNALS_OIDC_WORK_TYPE'],
    ['the name of another one', { ANNALS_OIDC_GOOGLE_ISSUER: 'https://x.example', ANNALS_OIDC_GOOGLE_CLIENT_ID: 'x' }, 'another name than GOOGLE'],
  ])('with %s are refused', (_what, given, sentence) => {
    const read = readSettings(given as Record<string, string>, {}, '/nowhere');
    expect(read.ok ? '' : read.message).toContain(sentence);
  });
  test.each([
    ['half of Google', { GOOGLE_CLIENT_ID: 'x' }, 'GOOGLE_CLIENT_SECRET'],
    ['half of an administrator', { ANNALS_ADMIN_EMAIL: 'a@b.example' }, 'ANNALS_ADMIN_ISSUER'],
    ['Apple without https', { APPLE_CLIENT_ID: 'x', APPLE_TEAM_ID: 'x', APPLE_KEY_ID: 'x', APPLE_PRIVATE_KEY: p8 }, 'ANNALS_PUBLIC_URL'],
    [
      'Apple with another kind of key',
      { APPLE_CLIENT_ID: 'x', APPLE_TEAM_ID: 'x', APPLE_KEY_ID: 'x', APPLE_PRIVATE_KEY: 'x', ANNALS_PUBLIC_URL: 'https://a.example' },
      '.p8',
    ],
  ])('with %s let no server start', (_what, given, sentence) => {
    expect([...loginProblems(settingsOf(given as Record<string, string>))].join()).toContain(sentence);
  });
});
