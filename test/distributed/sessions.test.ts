import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../harness/cluster.ts';
import { type FakeOpenId, startFakeOpenId } from '../harness/fake-openid.ts';
import { until } from '../harness/until.ts';
import { startEventStoreDouble } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { describeWith, ownDatabase } from './servers.ts';

/** Five seconds on servers that keep up; the one in place of MongoDB is given twice as long. */
const OUT_MS = 10_000;

describeWith(['MONGODB_URL'], 'logins on several nodes', () => {
  let eventStore: TestServer;
  let cluster: Cluster;
  let fake: FakeOpenId;
  const node = (index: number): string => cluster.nodes.filter(({ role }) => role === 'api')[index]?.url ?? '';
  beforeAll(async () => {
    const started = await startEventStoreDouble();
    if ('unavailable' in started) throw new Error(started.unavailable);
    eventStore = started;
    fake = await startFakeOpenId();
    cluster = await startCluster({ eventStoreUrl: eventStore.url, mongoUrl: ownDatabase() }, ['api', 'api', 'workers'], {
      ANNALS_OIDC_FAKE_ISSUER: fake.issuer,
      ANNALS_OIDC_FAKE_CLIENT_ID: 'annals',
      ANNALS_OIDC_FAKE_CLIENT_SECRET: 'secret',
      ANNALS_OIDC_FAKE_PKCE: 'off',
    });
  });
  afterAll(async () => {
    await cluster?.close();
    await eventStore?.close();
    await fake?.stop();
  });

  let codes = 0;
  const cookieOf = (response: Response, name: string): string =>
    response.headers
      .getSetCookie()
      .find((line) => line.startsWith(`${name}=`))
      ?.split(';')[0] ?? '';
  /** Begins on one node, and comes back to the other. */
  const login = async (): Promise<{ cookie: string }> => {
    fake.next = { sub: 'ada', name: 'Ada' };
    const begun = await fetch(`${node(0)}/login/fake`, { redirect: 'manual' });
    expect(begun.status).toBe(303);
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    const answer = new URLSearchParams({ code: `c${++codes}.${asked.get('nonce')}`, state: asked.get('state') ?? '' });
    const back = await fetch(`${node(1)}/login/fake/callback?${answer}`, {
      redirect: 'manual',
      headers: { cookie: cookieOf(begun, 'annals-login') },
    });
    expect(back.status).toBe(303);
    return { cookie: cookieOf(back, 'annals') };
  };
  const me = (index: number, headers: Record<string, string>) => fetch(`${node(index)}/api/me`, { headers });

  test('a login begun on one comes back to another, and a session ended on one ends on the other, streams and all', async () => {
    const [ending, kept] = [await login(), await login()];
    const [first, second] = await Promise.all([me(0, ending), me(1, kept)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect((await second.json()).id).toBe((await first.json()).id);
    const minted = await fetch(`${node(1)}/aui/v1/auth/tokens`, { method: 'POST', headers: { ...ending, origin: node(1) } });
    const { token } = await minted.json();
    const streams = await Promise.all([ending, { authorization: `Bearer ${token}` }].map((headers) => fetch(`${node(1)}/api/events`, { headers })));
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    const ended = Promise.all(streams.map((stream) => stream.text().catch(() => ''))).then(() => 'ended' as const);
    await sleep(1100);
    const [, session = ''] = /(session_\w+)/.exec(ending.cookie) ?? [];
    const revoked = await fetch(`${node(0)}/api/sessions/${session}`, { method: 'DELETE', headers: { ...kept, origin: node(0) } });
    expect(revoked.status).toBe(200);
    expect(await Promise.race([ended, sleep(OUT_MS, 'still there')])).toBe('ended');
    await until(async () => (await me(1, ending)).status === 401);
    expect((await me(1, { authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await me(1, kept)).status).toBe(200);
  });
});
