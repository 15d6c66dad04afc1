import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTEMPT_WINDOW_MS, MOST_ATTEMPTS } from '../../../src/domain/attempt.ts';
import { secretIn } from '../../harness/played-post.ts';
import { type AccountStage, type Answer, accountStage, GOOD } from './account-stage.ts';

let stage: AccountStage;
beforeAll(async () => {
  stage = await accountStage();
});
afterAll(() => stage.server.stop());

const OTHER = 'a tide of green umbrellas';
const login = (email: unknown, password: unknown, from = stage.elsewhere()) => stage.call('POST', '/api/login', { email, password }, from);
/** All of an answer that an attacker can see, but for the request's own id. */
const seen = ({ status, json, headers }: Answer) => {
  const { instance: _, ...rest } = json;
  return { status, rest, cookies: headers.getSetCookie(), retry: headers.has('retry-after') };
};
const resetLink = async (person: string): Promise<string> =>
  secretIn((await stage.call('POST', `/api/people/${person}/password-reset`, {})).json.link);
const invitation = async (): Promise<string> => secretIn((await stage.call('POST', '/api/invitations', {})).json.link);

describe('whatever is wrong with the secret of a link', () => {
  const wrong = async (): Promise<readonly (readonly [string, unknown])[]> => {
    const [victim, attacker] = [await stage.somebody(), await stage.somebody()];
    const [used, expired, own] = [await resetLink(attacker.person), await resetLink(attacker.person), await resetLink(attacker.person)];
    await stage.call('POST', '/api/password-resets/redeem', { secret: used, password: GOOD }, stage.elsewhere());
    stage.clock.ahead += 31 * 60_000;
    const [id, , mac] = own.split('.');
    const fresh = await resetLink(attacker.person);
    return [
      ['null', null],
      ['empty', ''],
      ['an array', [fresh]],
      ['an object', { $ne: '' }],
      ['a number', 1],
      ['true', true],
      ['used', used],
      ['expired', expired],
      ['made void by another that was used', own],
      ['with the id of another person', `${id}.${victim.person.slice(7)}.${mac}`],
      ['of an invitation', await invitation()],
      ['cut off', fresh.slice(0, -1)],
      ['longer', `${fresh}a`],
      ['with another case', fresh.toUpperCase()],
      ['with a null byte', `${fresh}\0`],
      ['very long', 'a'.repeat(100_000)],
    ];
  };

  test('the answer is the same, and the password stays', async () => {
    const answers = new Map<string, unknown>();
    for (const [name, secret] of await wrong())
      answers.set(name, seen(await stage.call('POST', '/api/password-resets/redeem', { secret, password: OTHER }, stage.elsewhere())));
    answers.set('missing', seen(await stage.call('POST', '/api/password-resets/redeem', { password: OTHER }, stage.elsewhere())));
    const [first] = answers.values();
    expect(first).toMatchObject({ status: 422, rest: { code: 'LinkInvalid' } });
    for (const [name, answer] of answers) expect(answer, name).toEqual(first);
  });

  test('an invitation’s is answered the same way', async () => {
    const { person } = await stage.somebody();
    const answers = [null, '', [], 'x', await resetLink(person)].map((secret) =>
      stage.call('POST', '/api/invitations/redeem', { secret, email: 'x@example.org', password: GOOD }, stage.elsewhere()).then(seen),
    );
    expect(new Set((await Promise.all(answers)).map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  test('no text that is not made here is taken for one', async () => {
    const { accounts } = stage.server.installation.kernel;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), fc.stringMatching(/^[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{43}$/)), async (secret) => {
        const outcome = await accounts.reset({ secret, password: OTHER, from: String(Math.random()) });
        expect(outcome).toMatchObject({ ok: false, error: { code: 'LinkInvalid' } });
      }),
      { numRuns: 200 },
    );
  });
});

test('no password that is empty, short, long or one’s own address is taken, wherever one is set', async () => {
  const { email, person, browser } = await stage.somebody();
  const secret = await resetLink(person);
  const invited = await invitation();
  for (const password of ['', ' ', 'short', 'eleven char', 'x'.repeat(257), email, `  ${email.toUpperCase()} `, `my ${email} rocks`]) {
    const answers = [
      await stage.call('POST', '/api/password-resets/redeem', { secret, password }, stage.elsewhere()),
      await stage.call('POST', '/api/me/password', { old: GOOD, password }, browser),
      await stage.call('POST', '/api/invitations/redeem', { secret: invited, email, password }, stage.elsewhere()),
    ];
    for (const { status, json } of answers)
      expect([status, json.code], password).toEqual([422, json.code === 'AddressTaken' ? '' : 'PasswordRefused']);
  }
  for (const password of [null, 1, [GOOD], { $gt: '' }, undefined])
    expect((await stage.call('POST', '/api/password-resets/redeem', { secret, password }, stage.elsewhere())).status).toBe(400);
  expect((await stage.call('POST', '/api/password-resets/redeem', { secret, password: OTHER }, stage.elsewhere())).status).toBe(200);
});

test('a known and an unknown address have the same answers, by the same work', async () => {
  const { email } = await stage.somebody();
  const unknown = 'nobody@example.org';
  for (const path of ['/api/login', '/api/password-resets', '/api/registrations']) {
    const body = (address: string) => ({ email: address, ...(path === '/api/login' ? { password: OTHER } : {}) });
    const tried = async (address: string) => {
      stage.hashed.length = 0;
      const answer = seen(await stage.call('POST', path, body(address), stage.elsewhere()));
      return { answer, hashed: [...stage.hashed] };
    };
    const known = await tried(email);
    expect(await tried(unknown), path).toEqual(known);
    expect(known.hashed).toEqual(path === '/api/login' ? ['verify'] : []);
  }
});

test('operators, arrays and other types in place of an address or a password log nobody in', async () => {
  const { email } = await stage.somebody();
  for (const [address, password] of [
    [{ $ne: '' }, { $gt: '' }],
    [[email], GOOD],
    [email, [GOOD]],
    [email, null],
    [email, ''],
    [null, GOOD],
    [`${email}\0`, GOOD],
    [`${email}\r\nBcc: x@example.org`, GOOD],
    [`${email}, other@example.org`, GOOD],
  ])
    expect([400, 401]).toContain((await login(address, password)).status);
});

test('what nobody asked for in a body makes nobody more than it is', async () => {
  const extra = fc.dictionary(
    fc.constantFrom('role', 'roles', 'isAdmin', 'admin', 'person', 'id', 'userId', 'owner', '_id', 'constructor', 'origin', 'expiresAt', 'validMs'),
    fc.oneof(fc.constantFrom('administrator', true, 'person_local'), fc.constant(['administrator'])),
    { minKeys: 1, maxKeys: 4 },
  );
  const paths = ['/api/login', '/api/registrations', '/api/password-resets', '/api/invitations/redeem', '/api/password-resets/redeem'];
  const secret = await invitation();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), extra, async (path, more) => {
      const body = { ...(path.endsWith('redeem') ? { secret, password: GOOD } : { email: 'mass@example.org' }), ...more };
      const { status } = await stage.call('POST', path, body, stage.elsewhere());
      expect(status).toBe(400);
    }),
    { numRuns: 60 },
  );
  const sent = `{"secret":${JSON.stringify(secret)},"email":"proto@example.org","password":"${GOOD}","__proto__":{"roles":["administrator"]}}`;
  const response = await fetch(`${stage.server.url}/api/invitations/redeem`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...stage.elsewhere() },
    body: sent,
  });
  expect(response.status).toBe(201);
  const { person } = (await response.json()) as { person: string };
  expect((await stage.call('GET', `/api/people/${person}`)).json.roles).toEqual(['member']);
  expect(({} as { roles?: unknown }).roles).toBeUndefined();
});

describe('who guesses', () => {
  const times = <Value>(count: number, work: () => Promise<Value>): Promise<Value[]> => Promise.all(Array.from({ length: count }, work));

  test('an account’s password from many places has ten tries in a quarter of an hour, however many at once, known or not', async () => {
    const { email, browser } = await stage.somebody();
    for (const address of [email, 'never-seen@example.org']) {
      const answers = await times(2 * MOST_ATTEMPTS, () => login(address, OTHER));
      const limited = answers.filter(({ status }) => status === 429);
      expect([answers.filter(({ status }) => status === 401).length, limited.length]).toEqual([MOST_ATTEMPTS, MOST_ATTEMPTS]);
      for (const { headers } of limited) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(ATTEMPT_WINDOW_MS / 1000);
      }
    }
    expect((await login(email, GOOD)).status, 'not even with the right one').toBe(429);
    expect(await stage.statusAs(browser), 'whoever is in stays in').toBe(200);
    const changed = await stage.call('POST', '/api/me/password', { old: GOOD, password: OTHER }, browser);
    expect(changed.status, 'and may still change it').toBe(200);
    stage.clock.ahead += ATTEMPT_WINDOW_MS;
    expect((await login(email, OTHER)).status).toBe(200);
  });

  test('many accounts from one place has ten tries, and locks none of them for others', async () => {
    const here = stage.elsewhere();
    const victims = [await stage.somebody(), await stage.somebody()];
    for (let tries = 0; tries < MOST_ATTEMPTS; tries++) expect((await login(`guess${tries}@example.org`, OTHER, here)).status).toBe(401);
    for (const { email } of victims) {
      for (let tries = 0; tries < 2 * MOST_ATTEMPTS; tries++) expect((await login(email, OTHER, here)).status).toBe(429);
      expect((await login(email, GOOD)).status).toBe(200);
    }
  });

  test('is not helped by logging in as oneself in between', async () => {
    const here = stage.elsewhere();
    const { email } = await stage.somebody();
    const statuses: number[] = [];
    for (let tries = 0; tries < MOST_ATTEMPTS + 2; tries++) {
      statuses.push((await login(`other${tries}@example.org`, OTHER, here)).status);
      await login(email, GOOD, here);
    }
    expect(statuses.filter((status) => status === 429).length).toBe(2);
  });

  test('whoever is right in the end has all tries again', async () => {
    const { email } = await stage.somebody();
    for (let round = 0; round < 2; round++) {
      for (let tries = 0; tries < MOST_ATTEMPTS - 1; tries++) expect((await login(email, OTHER)).status).toBe(401);
      expect((await login(email, GOOD)).status).toBe(200);
    }
  });

  test('addresses of a network that a client could have all of count as one', async () => {
    const answers: number[] = [];
    for (let tries = 0; tries < MOST_ATTEMPTS + 1; tries++)
      answers.push((await login(`six${tries}@example.org`, OTHER, stage.elsewhere(`2001:db8:1:2::${tries + 1}`))).status);
    expect(answers.at(-1)).toBe(429);
  });
});

test('of fifty who redeem one invitation at the same time one gets in, and one reset is used once', async () => {
  const secret = await invitation();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      stage.call('POST', '/api/invitations/redeem', { secret, email: `race${index}@example.org`, password: GOOD }, stage.elsewhere()),
    ),
  );
  const by = Map.groupBy(answers, ({ status, json }) => (status === 201 ? 'in' : json.code));
  expect([by.get('in')?.length, by.get('LinkInvalid')?.length]).toEqual([1, 49]);
  const { person } = await stage.somebody();
  const link = await resetLink(person);
  const resets = await Promise.all(
    Array.from({ length: 20 }, () => stage.call('POST', '/api/password-resets/redeem', { secret: link, password: OTHER }, stage.elsewhere())),
  );
  expect(resets.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a page of another site logs nobody in, and sets no cookie', async () => {
  const { email } = await stage.somebody();
  const foreign = { ...stage.elsewhere(), origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const refused = await login(email, GOOD, foreign);
  expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
  const plain = await fetch(`${stage.server.url}/api/login`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
  expect(plain.status).toBe(415);
});

test('links in mails lead where the settings say, whatever Host a request names', async () => {
  const email = 'host@example.org';
  await stage.call('POST', '/api/registrations', { email }, { ...stage.elsewhere(), 'x-forwarded-host': 'evil.example' });
  await stage.mail.secretFor(email);
  const text = stage.mail.sent.find(({ to }) => to === email)?.text ?? '';
  expect(text).toContain('https://annals.example/app/invitation#');
  expect(text).not.toContain('evil.example');
});
