import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretIn } from '../../harness/played-post.ts';
import { until } from '../../harness/until.ts';
import { bearer } from '../http/start-server.ts';
import { type AccountStage, accountStage, GOOD } from './account-stage.ts';

let stage: AccountStage;
beforeAll(async () => {
  stage = await accountStage();
});
afterAll(() => stage.server.stop());

const OTHER = 'a tide of green umbrellas';
const login = (email: string, password: string) => stage.call('POST', '/api/login', { email, password }, stage.elsewhere());
const newAddress = (() => {
  let count = 0;
  return () => `Newcomer${++count}@Example.org`;
})();
const registered = async (email: string): Promise<string> => {
  expect(await stage.call('POST', '/api/registrations', { email }, stage.elsewhere())).toMatchObject({ status: 202, json: { mailed: true } });
  return stage.mail.secretFor(email);
};
const redeem = (secret: unknown, more: object = {}) =>
  stage.call('POST', '/api/invitations/redeem', { secret, password: GOOD, ...more }, stage.elsewhere());

describe('a registration', () => {
  test('mails a link that makes an account of a member, once', async () => {
    const email = newAddress();
    const secret = await registered(email);
    const looked = await stage.call('POST', '/api/invitations/look', { secret });
    expect(looked.json).toMatchObject({ email, origin: 'registration', roles: ['member'], passwords: true });
    const made = await redeem(secret, { name: 'Ada' });
    expect(made.status).toBe(201);
    expect((await stage.call('GET', '/api/me', undefined, stage.inBrowser(made))).json).toMatchObject({
      id: made.json.person,
      name: 'Ada',
      email: email.toLowerCase(),
      roles: ['member'],
    });
    expect((await redeem(secret)).json.code).toBe('LinkInvalid');
    expect((await login(email.toUpperCase(), GOOD)).json.person).toBe(made.json.person);
  });

  test('of an address that has an account mails what to do instead, and no link', async () => {
    const { email } = await stage.somebody();
    const before = stage.mail.sent.length;
    expect((await stage.call('POST', '/api/registrations', { email }, stage.elsewhere())).status).toBe(202);
    await until(() => stage.mail.sent.slice(before).some(({ to, text }) => to === email && text.includes('one already')));
    expect(stage.mail.sent.slice(before).map(({ text }) => secretIn(text))).not.toContainEqual(expect.stringMatching(/./));
  });

  test('lets two who verify the same address at the same time make one account', async () => {
    const email = newAddress();
    const one = await registered(email);
    expect((await stage.call('POST', '/api/registrations', { email }, stage.elsewhere())).status).toBe(202);
    const two = await stage.mail.secretFor(email, 2);
    const made = await Promise.all([redeem(one), redeem(two)]);
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409]);
    const winner = made.find(({ status }) => status === 201);
    expect((await login(email, GOOD)).json.person).toBe(winner?.json.person);
  });

  test('is over after a day', async () => {
    const secret = await registered(newAddress());
    stage.clock.ahead += 24 * 3600_000;
    expect((await redeem(secret)).json.code).toBe('LinkInvalid');
  });

  test('keeps address and name out of the log, and forgets what the invitation said once there is an account', async () => {
    const email = `canary-${newAddress()}`;
    const secret = await registered(email);
    await redeem(secret, { name: 'Canary Bird' });
    const log = await stage.log();
    for (const text of [email, email.toLowerCase(), 'Canary Bird', secret, GOOD, 'argon2']) expect(log).not.toContain(text);
    const { invitations } = (await stage.call('GET', '/api/invitations')).json;
    expect(invitations[0]).toMatchObject({ state: 'redeemed', email: null, name: null });
  });
});

describe('a login', () => {
  test('opens a session; with tokens it hands out a pair instead, and no cookie', async () => {
    const { email, person } = await stage.somebody();
    const inside = await login(email, GOOD);
    expect(inside).toMatchObject({ status: 200, json: { person } });
    expect(await stage.statusAs(stage.inBrowser(inside))).toBe(200);
    const { json, headers } = await stage.call('POST', '/api/login', { email, password: GOOD, tokens: true });
    expect(headers.get('set-cookie')).toBeNull();
    expect((await stage.call('GET', '/api/me', undefined, bearer(json.access_token))).json.id).toBe(person);
  });

  test('is refused to somebody shut out, with the words for a wrong password', async () => {
    const { email, person } = await stage.somebody();
    await stage.call('POST', `/api/people/${person}/disable`, {});
    const [shut, wrong] = [await login(email, GOOD), await login(email, OTHER)];
    expect([shut.status, shut.json.code, shut.json.detail]).toEqual([401, 'LoginRefused', wrong.json.detail]);
  });

  test('takes a password however its letters are composed', async () => {
    const email = newAddress();
    const secret = await registered(email);
    expect((await redeem(secret, { password: 'Zwölf süße Käse\u0301' })).status).toBe(201);
    expect((await login(email, 'Zwölf süße Käse\u0301'.normalize('NFD'))).status).toBe(200);
  });

  test('is no way in where it is switched off, and neither is anything else with a password', async () => {
    const closed = await accountStage({ passwords: false });
    const tries = ['/api/login', '/api/registrations', '/api/password-resets', '/api/password-resets/redeem', '/api/invitations/redeem'];
    const body = { login: { email: 'a@example.org', password: GOOD } };
    for (const path of tries) {
      const sent = path.endsWith('redeem') ? { secret: 'x', password: GOOD } : path === '/api/login' ? body.login : { email: 'a@example.org' };
      expect((await closed.call('POST', path, sent)).status, path).toBe(403);
    }
    const { json } = await closed.call('POST', '/api/invitations', {});
    expect((await closed.call('POST', '/api/invitations/look', { secret: secretIn(json.link) })).json).toMatchObject({ passwords: false });
    await closed.server.stop();
  });

  test('without open registration takes invitations all the same', async () => {
    const closed = await accountStage({ registration: false });
    expect((await closed.call('POST', '/api/registrations', { email: 'a@example.org' })).status).toBe(403);
    expect((await closed.somebody()).person).toMatch(/^person_/);
    await closed.server.stop();
  });
});

describe('a reset', () => {
  const asked = async (email: string, number: number): Promise<string> => {
    expect((await stage.call('POST', '/api/password-resets', { email }, stage.elsewhere())).status).toBe(202);
    return stage.mail.secretFor(email, number);
  };
  const reset = (secret: unknown, password: unknown = OTHER) =>
    stage.call('POST', '/api/password-resets/redeem', { secret, password }, stage.elsewhere());

  test('sets another password by the link that was mailed, and ends sessions and tokens', async () => {
    const { email, browser } = await stage.somebody();
    const pair = await stage.call('POST', '/api/login', { email, password: GOOD, tokens: true });
    const secret = await asked(email, 1);
    const answer = await reset(secret);
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([200, '{}']);
    expect(await stage.statusAs(browser)).toBe(200);
    expect((await stage.call('GET', '/api/me', undefined, browser)).json.id).toBe('person_local');
    expect(await stage.statusAs(bearer(pair.json.access_token))).toBe(401);
    expect([(await login(email, GOOD)).status, (await login(email, OTHER)).status]).toEqual([401, 200]);
  });

  test('is good once, for half an hour, and not after the password was changed', async () => {
    const { email } = await stage.somebody();
    const [first, second] = [await asked(email, 1), await asked(email, 2)];
    expect((await reset(second)).status).toBe(200);
    for (const secret of [first, second]) expect((await reset(secret, GOOD)).json.code).toBe('LinkInvalid');
    const late = await asked(email, 3);
    stage.clock.ahead += 30 * 60_000;
    expect((await reset(late)).json.code).toBe('LinkInvalid');
    const changed = await asked(email, 4);
    const inside = stage.inBrowser(await login(email, OTHER));
    expect((await stage.call('POST', '/api/me/password', { old: OTHER, password: GOOD }, inside)).status).toBe(200);
    expect((await reset(changed)).json.code).toBe('LinkInvalid');
  });

  test('by an administrator gives a link to hand over, and nobody else gets one', async () => {
    const { email, person, browser } = await stage.somebody();
    const given = await stage.call('POST', `/api/people/${person}/password-reset`, {});
    expect(given).toMatchObject({ status: 201, json: { link: expect.stringMatching(/^\/app\/reset#/), validSeconds: 1800 } });
    expect((await stage.call('POST', `/api/people/${person}/password-reset`, {}, browser)).status).toBe(403);
    expect((await reset(secretIn(given.json.link))).status).toBe(200);
    expect((await login(email, OTHER)).status).toBe(200);
    expect((await stage.call('POST', '/api/people/person_local/password-reset', {})).json.code).toBe('NoPassword');
  });
});

describe('a change of the password', () => {
  test('needs the old one, and ends the other sessions but not this one', async () => {
    const { email, browser } = await stage.somebody();
    const elsewhere = stage.inBrowser(await login(email, GOOD));
    const change = (old: string, password: string) => stage.call('POST', '/api/me/password', { old, password }, browser);
    expect((await change(OTHER, OTHER)).json.code).toBe('WrongPassword');
    expect((await change(GOOD, OTHER)).status).toBe(200);
    const idOf = async (headers: Readonly<Record<string, string>>) => (await stage.call('GET', '/api/me', undefined, headers)).json.id;
    expect(await idOf(browser)).toMatch(/^person_[0-9a-f]{32}$/);
    expect(await idOf(elsewhere)).toBe('person_local');
    expect([(await login(email, GOOD)).status, (await login(email, OTHER)).status]).toEqual([401, 200]);
  });

  test('is nobody else’s, and not a restricted token’s', async () => {
    const { email, browser } = await stage.somebody();
    const { json } = await stage.call('POST', '/api/tokens', { scopes: ['read', 'write'] }, browser);
    expect((await stage.call('POST', '/api/me/password', { old: GOOD, password: OTHER }, bearer(json.token))).status).toBe(403);
    expect((await stage.call('POST', '/api/me/password', { old: GOOD, password: OTHER })).json.code).toBe('NoPassword');
    expect((await login(email, GOOD)).status).toBe(200);
  });
});

describe('an invitation', () => {
  test('brings its roles, and is listed with whom it is for until it is over', async () => {
    const email = newAddress();
    const made = await stage.call('POST', '/api/invitations', { email, name: 'Carl', roles: ['auditor', 'member'], days: 2 });
    expect(made).toMatchObject({ status: 201, json: { mailed: true } });
    const listed = async () => (await stage.call('GET', '/api/invitations')).json.invitations[0];
    expect(await listed()).toMatchObject({ id: made.json.invitationId, state: 'open', email, name: 'Carl', issuedBy: 'person_local' });
    expect(await stage.mail.secretFor(email)).toBe(secretIn(made.json.link));
    const again = await stage.call('POST', `/api/invitations/${made.json.invitationId}/link`, {});
    expect(again.json.link).toBe(made.json.link);
    const inside = await redeem(secretIn(made.json.link));
    expect((await stage.call('GET', '/api/me', undefined, stage.inBrowser(inside))).json).toMatchObject({
      roles: ['auditor', 'member'],
      name: 'Carl',
    });
    await until(async () => (await listed()).state === 'redeemed');
    expect(await listed()).toMatchObject({ person: inside.json.person, email: null });
    expect((await stage.call('POST', `/api/invitations/${made.json.invitationId}/link`, {})).status).toBe(404);
  });

  test('takes the address of whoever redeems it where it has none, and no other where it has one', async () => {
    const open = (await stage.call('POST', '/api/invitations', {})).json;
    const [mine, wanted] = [newAddress(), newAddress()];
    expect((await redeem(secretIn(open.link))).json.code).toBe('AddressMissing');
    expect((await redeem(secretIn(open.link), { email: mine })).status).toBe(201);
    expect((await login(mine, GOOD)).status).toBe(200);
    const addressed = (await stage.call('POST', '/api/invitations', { email: wanted })).json;
    expect((await redeem(secretIn(addressed.link), { email: newAddress() })).status).toBe(201);
    expect((await login(wanted, GOOD)).status).toBe(200);
  });

  test('that was taken back, or is older than it may get, lets nobody in', async () => {
    const [back, old] = [(await stage.call('POST', '/api/invitations', {})).json, (await stage.call('POST', '/api/invitations', {})).json];
    expect((await stage.call('DELETE', `/api/invitations/${back.invitationId}`)).status).toBe(200);
    expect((await redeem(secretIn(back.link), { email: newAddress() })).json.code).toBe('LinkInvalid');
    stage.clock.ahead += 7 * 24 * 3600_000;
    expect((await redeem(secretIn(old.link), { email: newAddress() })).json.code).toBe('LinkInvalid');
    await stage.server.installation.kernel.sweep();
    await until(async () => {
      const { invitations } = (await stage.call('GET', '/api/invitations?state=expired')).json;
      return invitations.some(({ id }: { id: string }) => id === old.invitationId);
    });
  });

  test('lets in, once and with its roles, whoever has proved in another way who it is', async () => {
    const { accounts } = stage.server.installation.kernel;
    const secret = secretIn((await stage.call('POST', '/api/invitations', { roles: ['auditor'] })).json.link);
    const [one, two] = [await stage.somebody(), await stage.somebody()];
    expect(await accounts.redeemFor(secret, one.person as never)).toEqual({ ok: true, roles: ['auditor'] });
    expect(await accounts.redeemFor(secret, one.person as never), 'once more is the same').toEqual({ ok: true, roles: ['auditor'] });
    expect(await accounts.redeemFor(secret, two.person as never)).toMatchObject({ ok: false, error: { code: 'LinkInvalid' } });
    const rolesOf = async () => (await stage.call('GET', `/api/people/${one.person}`)).json.roles;
    await until(async () => (await rolesOf()).length === 2);
    await stage.call('PUT', `/api/people/${one.person}/roles`, { roles: ['member'] });
    await accounts.redeemFor(secret, one.person as never);
    expect(await rolesOf(), 'what was taken away does not come back with the old link').toEqual(['member']);
  });
});

test('people are looked through page by page, and the answer says how many', async () => {
  await stage.somebody();
  const { email } = await stage.somebody();
  const found = (await stage.call('GET', `/api/people?search=${email}&limit=1`)).json;
  expect(found.people.map((person: { email: string }) => person.email)).toEqual([email]);
  expect((await stage.call('GET', '/api/people?search=nobody-has-this-name')).json).toMatchObject({ people: [], looked: expect.any(Number) });
});

test('administrators see which mails were sent, and nothing of what they say', async () => {
  const email = newAddress();
  await stage.call('POST', '/api/invitations', { email });
  const secret = await stage.mail.secretFor(email);
  await until(async () => (await stage.call('GET', '/api/mails')).json.mails[0].state === 'sent');
  const { mails } = (await stage.call('GET', '/api/mails')).json;
  expect(mails[0]).toMatchObject({ kind: 'invitation', attempts: 1, problem: null });
  for (const text of [email, secret]) expect(JSON.stringify(mails)).not.toContain(text);
});
