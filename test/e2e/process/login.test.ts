import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeOpenId, startFakeOpenId } from '../../harness/fake-openid.ts';
import { newVisitor } from '../../harness/visitor.ts';
import { annals, call, cleanUp, newFolder, refusal, startOn } from './processes.ts';

cleanUp();
let fake: FakeOpenId;
beforeAll(async () => {
  fake = await startFakeOpenId();
});
afterAll(() => fake.stop());

const settings = () => ({
  ANNALS_OIDC_FAKE_ISSUER: fake.issuer,
  ANNALS_OIDC_FAKE_CLIENT_ID: 'annals',
  ANNALS_OIDC_FAKE_CLIENT_SECRET: 'secret',
  ANNALS_OIDC_FAKE_PKCE: 'off',
});

test('half of what a login needs lets no server start', async () => {
  expect(await refusal(newFolder(), { GOOGLE_CLIENT_ID: 'x' })).toContain('GOOGLE_CLIENT_SECRET');
  expect(await refusal(newFolder(), { ANNALS_OIDC_FAKE_ISSUER: 'http://idp.example' })).toContain('ANNALS_OIDC_FAKE_');
});

test('with a way to log in the server may be reached by others, knows nobody at the machine, and gives what they had to whom its operator says', async () => {
  const folder = newFolder();
  const before = await startOn(folder);
  const { json: made } = await call(before.url, 'POST', '/api/conversations', { title: 'From before' });
  expect(await before.kill('SIGTERM')).toBe(0);

  const environment = {
    ...settings(),
    ANNALS_HOST: '0.0.0.0',
    ANNALS_HOSTS: '127.0.0.1',
    ANNALS_ADMIN_EMAIL: 'boss@example.org',
    ANNALS_ADMIN_ISSUER: fake.issuer,
  };
  const running = await startOn(folder, environment);
  const url = running.url.replace('0.0.0.0', '127.0.0.1');
  expect((await call(url, 'GET', '/api/me')).status).toBe(401);
  const visitor = newVisitor();
  fake.next = { sub: 'ada' };
  const asked = new URL((await visitor.get(`${url}/login/fake`)).headers.get('location') ?? '').searchParams;
  const back = await visitor.get(
    `${url}/login/fake/callback?${new URLSearchParams({ code: `c.${asked.get('nonce')}`, state: asked.get('state') ?? '' })}`,
  );
  expect(back.status).toBe(303);
  const me = await (await visitor.get(`${url}/api/me`)).json();
  expect(me.roles).toEqual(['member']);
  const conversation = () => visitor.get(`${url}/api/conversations/${made.conversationId}`);
  expect((await conversation()).status).toBe(404);

  const nobody = await annals(['claim-local', '--person', 'person_nobody', '--data', folder], environment);
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('no such thing')]);
  const claimed = await annals(['claim-local', '--person', me.id, '--data', folder], environment);
  expect([claimed.code, claimed.err]).toEqual([0, '']);
  const seen = await conversation();
  expect([seen.status, (await seen.json()).title]).toEqual([200, 'From before']);
  await running.kill('SIGTERM');
});
