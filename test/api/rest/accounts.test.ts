import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { playedPost, secretIn } from '../../harness/played-post.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

/** The time of day, which can be moved on. */
const clock = {
  ahead: 0,
  get now() {
    return new Date(Date.now() + this.ahead);
  },
};
const mail = playedPost();
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ annals: { clock, post: mail.post }, server: { accounts: { passwords: true, registration: true } } });
});
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
  readonly json: any;
}
const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text.startsWith('{') ? JSON.parse(text) : text };
};
const cookieOf = ({ headers }: Answer): Record<string, string> => ({
  cookie: (headers.get('set-cookie') ?? '').split(';')[0] ?? '',
  origin: server.url,
  'sec-fetch-site': 'same-origin',
});
const GOOD = 'nine purple bicycles';
let people = 0;
/** Somebody with an account, logged in. */
async function somebody(): Promise<{ email: string; person: string; cookie: Record<string, string> }> {
  const email = `somebody${++people}@example.org`;
  const { json } = await call('POST', '/api/invitations', { email });
  const made = await call('POST', '/api/invitations/redeem', { secret: secretIn(json.link), name: 'Somebody', password: GOOD });
  expect(made.status).toBe(201);
  return { email, person: made.json.person, cookie: cookieOf(made) };
}
const statusAs = async (headers: Record<string, string>, path = '/api/me'): Promise<number> => (await call('GET', path, undefined, headers)).status;

describe('a registration', () => {
  test('mails a link that makes an account, once', async () => {
    expect(await call('POST', '/api/registrations', { email: 'Ada@Example.org' })).toMatchObject({ status: 202, json: { mailed: true } });
    const secret = await mail.secretFor('Ada@Example.org');
    expect((await call('POST', '/api/invitations/look', { secret })).json).toMatchObject({ email: 'Ada@Example.org', origin: 'registration' });
    const made = await call('POST', '/api/invitations/redeem', { secret, name: 'Ada', password: GOOD });
    expect(made.status).toBe(201);
    expect((await call('GET', '/api/me', undefined, cookieOf(made))).json).toMatchObject({ id: made.json.person, name: 'Ada', roles: ['member'] });
    expect((await call('POST', '/api/invitations/redeem', { secret, password: GOOD })).json.code).toBe('LinkInvalid');
    expect((await call('POST', '/api/login', { email: 'ada@example.ORG', password: GOOD })).json.person).toBe(made.json.person);
  });
});

describe('a login', () => {
  test('opens a session, and with tokens a pair of them', async () => {
    const { email, person } = await somebody();
    const inside = await call('POST', '/api/login', { email, password: GOOD });
    expect(inside).toMatchObject({ status: 200, json: { person } });
    expect(await statusAs(cookieOf(inside))).toBe(200);
    const { json } = await call('POST', '/api/login', { email, password: GOOD, tokens: true });
    expect((await call('GET', '/api/me', undefined, bearer(json.access_token))).json.id).toBe(person);
  });
});
