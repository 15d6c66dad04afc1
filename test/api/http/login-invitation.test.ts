import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoginOptions, loginRoutes } from '../../../src/api/http/login/routes.ts';
import { type FakeOpenId, startFakeOpenId } from '../../harness/fake-openid.ts';
import { administrator } from '../../harness/memory-annals.ts';
import { newVisitor } from '../../harness/visitor.ts';
import { startServer, type TestServer } from './start-server.ts';

const clock = {
  get now() {
    return new Date();
  },
};
const secret = randomBytes(32);
let fake: FakeOpenId;
let server: TestServer;
beforeAll(async () => {
  fake = await startFakeOpenId();
  const known: LoginOptions['known'] = {
    ofIdentity: (identity) => server.installation.kernel.known.ofIdentity(identity),
    standingOf: (person) => server.installation.kernel.known.standingOf(person),
  };
  const routes = loginRoutes({ providers: [fake.config()], secret, stateSecret: secret, open: false, known, perMinute: 10_000 });
  server = await startServer({ annals: { clock }, server: { localPerson: false, routes } });
});
afterAll(async () => {
  await server.stop();
  await fake.stop();
});

const invite = async (roles: ('member' | 'auditor')[]): Promise<string> => {
  const made = await server.installation.kernel.accounts.invite(administrator, { roles, days: 7 });
  if (!made.ok) throw new Error(made.error.message);
  return made.secret;
};
let codes = 0;
/** Comes to the provider and back, as who the provider says. */
async function login(sub: string, invitation?: string) {
  const visitor = newVisitor();
  fake.next = { sub, name: 'Ada', email: 'ada@example.org' };
  const start = await visitor.get(`${server.url}/login/fake${invitation === undefined ? '' : `?invitation=${invitation}`}`);
  const asked = new URL(start.headers.get('location') ?? '').searchParams;
  const answer = new URLSearchParams({ code: `code${++codes}.${asked.get('nonce')}`, state: asked.get('state') ?? '' });
  const response = await visitor.get(`${server.url}/login/fake/callback?${answer}`);
  const me = await visitor.get(`${server.url}/api/me`);
  return { status: response.status, me: me.status === 200 ? ((await me.json()) as { id: string; roles: string[]; name?: string }) : undefined };
}

test('where nobody makes an account of one’s own, an invitation lets in whom a provider vouches for, with its roles and what the provider says', async () => {
  expect(await login('stranger')).toEqual({ status: 400, me: undefined });
  const invitation = await invite(['auditor', 'member']);
  const { me } = await login('invited', invitation);
  expect(me).toMatchObject({ roles: ['auditor', 'member'], name: 'Ada' });
  expect((await login('invited')).me?.id).toBe(me?.id);
  expect(await login('another', invitation), 'once').toEqual({ status: 400, me: undefined });
  expect((await login('another', await invite(['member']))).me?.roles, 'and whoever came too late may come with another').toEqual(['member']);
});

test('whoever was invited is no first administrator, and whoever is known has the roles besides its own', async () => {
  const { me } = await login('known', await invite(['member']));
  expect(me?.roles).toEqual(['member']);
  expect((await login('known', await invite(['auditor']))).me).toMatchObject({ id: me?.id, roles: ['member', 'auditor'] });
  expect((await login('known', 'no invitation')).me?.id, 'a bad one keeps nobody out who is known').toBe(me?.id);
});

test('of many who come with the same invitation at the same time one is let in', async () => {
  const invitation = await invite(['member']);
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const person = `person_race${index}` as never;
      return server.installation.kernel.accounts.redeemFor(invitation, person);
    }),
  );
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
});
