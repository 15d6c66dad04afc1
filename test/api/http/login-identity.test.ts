import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import { createEnter, type EnterOptions } from '../../../src/api/http/login/enter.ts';
import { type LoginOptions, loginRoutes } from '../../../src/api/http/login/routes.ts';
import { startConversation } from '../../../src/commands/conversation.ts';
import { releaseIdentity } from '../../../src/commands/identity.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import { PersonId } from '../../../src/domain/ids.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { type FakeOpenId, startFakeOpenId } from '../../harness/fake-openid.ts';
import { type Disk, newDisk, startAnnals } from '../../harness/memory-annals.ts';
import { newVisitor, type Visitor } from '../../harness/visitor.ts';
import { startServer, type TestServer } from './start-server.ts';

const clock = () => {
  let ahead = 0;
  return {
    get now() {
      return new Date(Date.now() + ahead);
    },
    pass: (ms: number) => {
      ahead += ms;
    },
  };
};
const secret = Buffer.alloc(32, 9);
let fake: FakeOpenId;
let other: FakeOpenId;
beforeAll(async () => {
  [fake, other] = await Promise.all([startFakeOpenId(), startFakeOpenId()]);
});
afterAll(() => Promise.all([fake.stop(), other.stop()]));

const serverWith = async (options: Partial<LoginOptions> = {}, { disk, time = clock() }: { disk?: Disk; time?: ReturnType<typeof clock> } = {}) => {
  const known: LoginOptions['known'] = {
    ofIdentity: (identity) => server.installation.kernel.known.ofIdentity(identity),
    standingOf: (person) => server.installation.kernel.known.standingOf(person),
  };
  const providers = [fake.config(), other.config({ key: 'other', label: 'Other' })];
  const server: TestServer = await startServer({
    annals: { clock: time, ...(disk ? { disk } : {}) },
    server: { localPerson: false, routes: loginRoutes({ providers, secret, stateSecret: secret, open: true, known, perMinute: 10_000, ...options }) },
  });
  return server;
};
let codes = 0;
const own = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' };
async function through(
  visitor: Visitor,
  server: TestServer,
  claims: Record<string, unknown>,
  { key = 'fake', at = fake, search = '', headers = {} } = {},
) {
  at.next = claims;
  const begun = await visitor.get(`${server.url}/login/${key}${search}`, headers);
  if (begun.status !== 303) return begun;
  const asked = new URL(begun.headers.get('location') ?? '').searchParams;
  const answer = new URLSearchParams({ code: `c${++codes}.${asked.get('nonce')}`, state: asked.get('state') ?? '' });
  return visitor.get(`${server.url}/login/${key}/callback?${answer}`);
}
const login = async (server: TestServer, claims: Record<string, unknown>, options: Parameters<typeof through>[3] = {}) => {
  const visitor = newVisitor();
  const response = await through(visitor, server, claims, options);
  const me = await (await visitor.get(`${server.url}/api/me`)).json();
  return { visitor, response, me: me as { id: string; roles: string[]; name?: string } };
};
const link = (visitor: Visitor, server: TestServer, claims: Record<string, unknown>, headers: Record<string, string> = own) =>
  through(visitor, server, claims, { key: 'other', at: other, search: '?link=1', headers });

describe('a second way to log in', () => {
  let server: TestServer;
  const time = clock();
  beforeAll(async () => {
    server = await serverWith({}, { time });
  });
  afterAll(() => server.stop());
  let subjects = 0;
  const newSubject = () => `subject ${++subjects}`;
  const loginsOf = async (visitor: Visitor) =>
    ((await (await visitor.get(`${server.url}/api/me/logins`)).json()) as { logins: { identity: string; method: string; account: string }[] }).logins;

  test('is linked from a session, leads to the same person, and can be taken away again, but never the last one', async () => {
    const [sub, second] = [newSubject(), newSubject()];
    const { visitor, me } = await login(server, { sub, email: 'one@example.org' });
    expect((await link(visitor, server, { sub: second, email: 'two@example.org' })).status).toBe(303);
    expect((await login(server, { sub: second }, { key: 'other', at: other })).me.id).toBe(me.id);
    const logins = await loginsOf(visitor);
    expect(logins).toMatchObject([
      { method: 'oidc:fake', account: 'one@example.org' },
      { method: 'oidc:other', account: 'two@example.org' },
    ]);
    const remove = async (index: number) =>
      (await visitor.send('DELETE', `${server.url}/api/me/logins/${logins[index]?.identity}`, undefined)).status;
    expect([await remove(1), await remove(1), await remove(0)]).toEqual([200, 200, 422]);
    expect(await loginsOf(visitor)).toHaveLength(1);
    const afterwards = await login(server, { sub: second }, { key: 'other', at: other });
    expect(afterwards.response.status).toBe(303);
    expect(afterwards.me.id).not.toBe(me.id);
    expect((await login(server, { sub })).me.id).toBe(me.id);
  });

  test('cannot be one that is somebody else’s', async () => {
    const second = newSubject();
    await login(server, { sub: second }, { key: 'other', at: other });
    const { visitor } = await login(server, { sub: newSubject() });
    const response = await link(visitor, server, { sub: second });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Somebody else');
  });

  test('is begun by a page of our own alone, by whoever has just logged in', async () => {
    const { visitor } = await login(server, { sub: newSubject() });
    const begin = async (headers: Record<string, string>, by = visitor) => (await by.get(`${server.url}/login/other?link=1`, headers)).status;
    expect(await begin({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(403);
    expect(await begin({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' })).toBe(403);
    expect(await begin({ 'sec-fetch-site': 'none' })).toBe(403);
    expect(await begin({})).toBe(403);
    expect(await begin(own, newVisitor())).toBe(401);
    expect(await begin(own)).toBe(303);
    time.pass(16 * 60_000);
    expect(await begin(own)).toBe(403);
  });

  test('asks the provider to ask again who it is, and is not linked once the session has ended', async () => {
    const second = newSubject();
    const { visitor } = await login(server, { sub: newSubject() });
    other.next = { sub: second };
    const begun = await visitor.get(`${server.url}/login/other?link=1`, own);
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    expect(asked.get('prompt')).toBe('login');
    expect((await visitor.send('POST', `${server.url}/api/logout`, {})).status).toBe(200);
    const answer = new URLSearchParams({ code: `c${++codes}.${asked.get('nonce')}`, state: asked.get('state') ?? '' });
    expect((await visitor.get(`${server.url}/login/other/callback?${answer}`)).status).toBe(400);
  });
});

describe('the first administrator', () => {
  test('is whoever logs in first, and gets what the local person had', async () => {
    const disk = await newDisk();
    const before = await startAnnals({ disk, clock: clock() });
    const local: Principal = { id: PersonId.parse('person_local'), kind: 'person', roles: ['administrator', 'member'] };
    const told = await before.kernel.tell(local, startConversation({ title: 'From before' }));
    if (!told.ok) throw new Error(told.error.message);
    await before.stop();
    const server = await serverWith({}, { disk });
    const first = await login(server, { sub: 'first' });
    const second = await login(server, { sub: 'second' });
    expect([first.me.roles, second.me.roles]).toEqual([['administrator', 'member'], ['member']]);
    const read = async ({ visitor }: { visitor: Visitor }) => visitor.get(`${server.url}/api/conversations/${told.result.conversationId}`);
    expect((await read(second)).status).toBe(404);
    const seen = await read(first);
    expect(seen.status).toBe(200);
    expect(await seen.json()).toMatchObject({ title: 'From before' });
    const { conversations } = await (await first.visitor.get(`${server.url}/api/conversations`)).json();
    expect(conversations).toHaveLength(1);
    await server.stop();
  });

  test('is the one that the settings name, by an address that its issuer has verified, and nobody before', async () => {
    const server = await serverWith({ administrator: { email: 'boss@example.org', issuer: fake.issuer } });
    const roles = async (claims: Record<string, unknown>, options = {}) => (await login(server, claims, options)).me.roles;
    expect(await roles({ sub: '1', email: 'ada@example.org', email_verified: true })).toEqual(['member']);
    expect(await roles({ sub: '2', email: 'boss@example.org' })).toEqual(['member']);
    expect(await roles({ sub: '3', email: 'boss@example.org', email_verified: 'true' })).toEqual(['member']);
    expect(await roles({ sub: '1', email: 'boss@example.org', email_verified: true }, { key: 'other', at: other })).toEqual(['member']);
    expect(await roles({ sub: '2', email: 'Boss@example.org', email_verified: true })).toEqual(['administrator', 'member']);
    expect(await roles({ sub: '5', email: 'boss@example.org', email_verified: true })).toEqual(['member']);
    await server.stop();
  });

  test('comes in where new accounts are made by administrators, and no other stranger', async () => {
    const server = await serverWith({ open: false, administrator: { email: 'boss@example.org', issuer: fake.issuer } });
    expect((await login(server, { sub: '1' })).response.status).toBe(400);
    expect((await login(server, { sub: '2', email: 'boss@example.org', email_verified: true })).me.roles).toContain('administrator');
    await server.stop();
  });
});

test('an identity that was released is somebody new at its next login', async () => {
  const server = await serverWith();
  const before = await login(server, { sub: 'released' });
  const { logins } = await (await before.visitor.get(`${server.url}/api/me/logins`)).json();
  const person = PersonId.parse(before.me.id);
  await server.installation.kernel.tell(annals(person), releaseIdentity({ identity: logins[0].identity, person }));
  expect((await login(server, { sub: 'released' })).me.id).not.toBe(before.me.id);
  await server.stop();
});

test('many who log in as the same identity at once, on two nodes, are one person', async () => {
  const disk = await newDisk();
  const nodes = await Promise.all([serverWith({}, { disk }), serverWith({}, { disk })]);
  const identity = { sub: 'many' };
  const all = await Promise.all(Array.from({ length: 8 }, async (_, index) => (await login(nodes[index % 2] as TestServer, identity)).me));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(new Set(all.map(({ roles }) => roles.join()))).toEqual(new Set(['administrator,member']));
  await Promise.all(nodes.map((node) => node.stop()));
});

test('wherever a first login dies, the next one completes it: one person, with its name and its roles, and what the local person had', async () => {
  const proven = { issuer: 'https://idp.example', subject: 'ada', claims: { name: 'Ada', email: 'ada@example.org' } };
  const options = (kernel: { known: EnterOptions['known'] }): EnterOptions => ({ secret: randomBytes(32), known: kernel.known, open: true });
  let deaths = 0;
  for (let point = 1; ; point++) {
    const disk = await newDisk();
    const first = await startAnnals({ disk, clock: clock(), workers: false });
    const shared = { ...options(first.kernel), secret };
    let appends = 0;
    const dying = async (...args: Parameters<typeof first.kernel.tell>) => {
      if (appends++ >= point) throw new Error('dead');
      return first.kernel.tell(...args);
    };
    const visit = (tell: unknown, kernel: { known: EnterOptions['known'] }) =>
      ({ annals: { tell }, requestId: 'r', kernel: { identity: { forget: () => undefined }, known: kernel.known } }) as never;
    const died = await createEnter(shared)
      .login(visit(dying, first.kernel), 'oidc:test', proven)
      .then(
        () => false,
        () => true,
      );
    await first.stop();
    if (died) deaths++;
    const second = await startAnnals({ disk, clock: clock(), workers: false });
    const enter = createEnter({ ...shared, known: second.kernel.known });
    const once = await enter.login(visit(second.kernel.tell, second.kernel), 'oidc:test', proven);
    const again = await enter.login(visit(second.kernel.tell, second.kernel), 'oidc:test', proven);
    expect(again).toBe(once);
    expect((await second.kernel.known.standingOf(once)).roles).toEqual(['administrator', 'member']);
    const types: string[] = [];
    for await (const { events, caughtUp } of disk.store.tail(START, { signal: AbortSignal.timeout(5000) })) {
      types.push(...events.map(({ type }) => type));
      if (caughtUp) break;
    }
    expect(types.toSorted()).toEqual(
      ['IdentityOpened', 'FirstAdministratorAppointed', 'AnonymousClaimed', 'PersonRegistered', 'ProfileChanged', 'LoginAdded'].toSorted(),
    );
    await second.stop();
    if (!died) break;
  }
  expect(deaths).toBe(4);
});
