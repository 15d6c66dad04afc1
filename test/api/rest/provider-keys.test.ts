import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { START } from '../../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { translator } from '../../../src/workers/gateway/message.ts';
import { createPseudonyms } from '../../../src/workers/gateway/pseudonym.ts';
import { formsOf } from '../../e2e/process/canaries.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
let ada: Record<string, string>;
let bob: Record<string, string>;
let admin: Record<string, string>;
/** Every answer so far. */
const answers: string[] = [];
beforeAll(async () => {
  server = await startServer();
  const of = async (who: Parameters<typeof server.tokens.access>[0]) => bearer((await server.tokens.access(who)).token);
  [ada, bob, admin] = [await of(person('ada')), await of(person('bob')), await of(administrator)];
});
afterAll(() => server.stop());

const PATH = '/api/provider-keys';
async function call(headers: Record<string, string>, method: string, path: string, body?: unknown) {
  const answer = await server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  answers.push(text, JSON.stringify([...answer.headers]));
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text), headers: answer.headers };
}
const apiKey = (): string => `sk-${randomUUID()}${randomUUID()}`;
const keys: string[] = [];
const newKey = (): string => {
  const key = apiKey();
  keys.push(key);
  return key;
};
const register = async (who: Record<string, string>, body: object): Promise<string> => {
  const { status, json } = await call(who, 'POST', PATH, { provider: 'openai', ...body });
  expect(status, JSON.stringify(json)).toBe(201);
  return json.keyId;
};

test('a key is registered, shown without itself, changed, rotated and removed', async () => {
  const first = newKey();
  const { status, json, headers } = await call(ada, 'POST', PATH, { provider: 'openai', apiKey: first, description: 'For work' });
  expect([status, headers.get('location')]).toEqual([201, `${PATH}/${json.keyId}`]);
  const one = `${PATH}/${json.keyId}`;
  const { json: shown } = await call(ada, 'GET', one);
  expect(shown).toMatchObject({
    id: json.keyId,
    owner: 'self',
    provider: 'openai',
    description: 'For work',
    baseUrl: null,
    lastFour: first.slice(-4),
    scopes: {},
    rotation: { maxAgeDays: null, remindDays: 14, graceHours: 24, forced: true },
    rotateBy: null,
    uses: 0,
  });
  const rotation = { maxAgeDays: 30, graceHours: 1 };
  expect((await call(ada, 'PATCH', one, { description: 'Mine', scopes: { models: ['gpt-*'] }, rotation })).status).toBe(200);
  const second = newKey();
  expect((await call(ada, 'POST', `${one}/rotate`, { apiKey: second })).status).toBe(200);
  expect((await call(ada, 'GET', one)).json).toMatchObject({
    description: 'Mine',
    lastFour: second.slice(-4),
    scopes: { models: ['gpt-*'] },
    previousUntil: '2026-01-01T01:00:00.000Z',
    remindFrom: '2026-01-17T00:00:00.000Z',
    rotateBy: '2026-01-31T00:00:00.000Z',
  });
  expect((await call(ada, 'GET', PATH)).json.keys.map(({ id }: { id: string }) => id)).toContain(json.keyId);
  expect((await call(ada, 'DELETE', one)).status).toBe(200);
  for (const [method, path, body] of [
    ['GET', one],
    ['PATCH', one, {}],
    ['POST', `${one}/rotate`, { apiKey: second }],
    ['DELETE', one],
  ] as const)
    expect((await call(ada, method, path, body)).status, `${method} ${path}`).toBe(404);
});

test('a registration that is repeated with its key is one key', async () => {
  const body = { provider: 'gemini', apiKey: newKey() };
  const again = { ...bob, 'idempotency-key': randomUUID() };
  const [first, second] = [await call(again, 'POST', PATH, body), await call(again, 'POST', PATH, body)];
  expect([second.status, second.json]).toEqual([201, first.json]);
  expect((await call(again, 'POST', PATH, { ...body, apiKey: newKey() })).json.code).toBe('IdempotencyMismatch');
});

test('nobody sees, changes or removes the key of another, administrators neither', async () => {
  const one = `${PATH}/${await register(ada, { apiKey: newKey() })}`;
  const before = (await call(ada, 'GET', one)).json;
  for (const who of [bob, admin]) {
    for (const [method, path, body] of [
      ['GET', one],
      ['PATCH', one, { description: 'stolen' }],
      ['POST', `${one}/rotate`, { apiKey: newKey() }],
      ['DELETE', one],
    ] as const)
      expect((await call(who, method, path, body)).status, `${method} ${path}`).toBe(404);
    expect((await call(who, 'GET', PATH)).json.keys.map(({ id }: { id: string }) => id)).not.toContain(before.id);
  }
  expect((await call(ada, 'GET', one)).json).toEqual(before);
});

test('keys for everybody are in the hands of administrators alone', async () => {
  const owner = 'organisation';
  expect((await call(ada, 'POST', PATH, { owner, provider: 'openai', apiKey: newKey() })).status).toBe(403);
  expect((await call(ada, 'GET', `${PATH}?owner=${owner}`)).status).toBe(403);
  const one = `${PATH}/${await register(admin, { owner, apiKey: newKey(), baseUrl: 'https://models.example/v1' })}`;
  for (const [method, path, body] of [
    ['GET', one],
    ['PATCH', one, { description: 'stolen' }],
    ['POST', `${one}/rotate`, { apiKey: newKey(), baseUrl: 'https://evil.example' }],
    ['DELETE', one],
  ] as const)
    expect((await call(ada, method, path, body)).status, `${method} ${path}`).toBe(404);
  expect((await call(admin, 'GET', one)).json).toMatchObject({ owner, baseUrl: 'https://models.example/v1' });
  expect((await call(admin, 'GET', `${PATH}?owner=${owner}`)).json.keys).toHaveLength(1);
  expect((await call(admin, 'GET', PATH)).json.keys).toEqual([]);
  expect((await call(admin, 'DELETE', one)).status).toBe(200);
});

test.each([
  ['no provider', { apiKey: 'x' }],
  ['a provider that is no name', { provider: 'Open AI', apiKey: 'x' }],
  ['a key that could end a header', { provider: 'openai', apiKey: 'sk\r\nx-evil: 1' }],
  ['an address that is none', { provider: 'openai', baseUrl: 'ftp://models.example' }],
  ['an address with a password', { provider: 'openai', baseUrl: 'https://u:p@models.example' }],
  ['a scope that there is not', { provider: 'openai', apiKey: 'x', scopes: { everything: true } }],
  ['a conversation that is none', { provider: 'openai', apiKey: 'x', scopes: { conversations: ['*'] } }],
])('%s is refused', async (_what, body) => {
  expect((await call(ada, 'POST', PATH, body)).status).toBe(400);
});

test('neither key nor address is refused with what to do, and who has no name has no keys', async () => {
  expect((await call(ada, 'POST', PATH, { provider: 'openai' })).json).toMatchObject({ status: 422, code: 'KeyMissing' });
  const visitor = bearer((await server.tokens.access(person('visitor', 'anonymous'))).token);
  expect((await call(visitor, 'POST', PATH, { provider: 'openai', apiKey: newKey() })).status).toBe(403);
  expect((await server.call('POST', PATH, { body: {}, headers: bearer('a.b.c') })).status).toBe(401);
});

test('no key is in any answer, log line, event, view or message to the outside, in whatever form', async () => {
  const id = await register(ada, { apiKey: newKey(), description: 'canary' });
  await call(ada, 'POST', `${PATH}/${id}/rotate`, { apiKey: newKey() });
  await call(ada, 'GET', `${PATH}/${id}`);
  await register(bob, { apiKey: newKey() });
  await register(bob, { provider: 'anthropic', apiKey: newKey() });
  const refused = bearer((await server.tokens.access(person('visitor', 'anonymous'))).token);
  await call(refused, 'POST', PATH, { provider: 'openai', apiKey: newKey() });
  await call(ada, 'POST', PATH, { provider: 'No Provider', apiKey: newKey() });
  const { kernel, disk } = server.installation;
  const events: RecordedEvent[] = [];
  const stop = new AbortController();
  for await (const batch of disk.store.tail(START, { signal: stop.signal })) {
    events.push(...batch.events);
    if (batch.caughtUp) break;
  }
  stop.abort();
  await kernel.progress.waitFor(['feed', 'provider-keys'], await disk.store.head(), { timeoutMs: 10_000 });
  const feed: string[] = [];
  const following = await kernel.follow(person('ada'), { topic: 'feed' }, { signal: AbortSignal.timeout(1000) });
  if (following.ok) {
    const own = events.filter(({ metadata }) => metadata.subject === 'person_ada').length;
    for await (const { item } of following.items) if (feed.push(JSON.stringify(item)) >= own) break;
  }
  expect(feed.join('')).toContain('canary');
  const collections = await disk.documents.collections();
  const documents = await Promise.all(collections.map((each) => disk.documents.find(each, {}, { limit: 1000 })));
  const translate = translator({ prefix: 'annals.', source: '/annals', pseudonym: createPseudonyms(Buffer.from('a secret of its own')) });
  const messages = events.map((event) => translate(event, 'epoch'));
  const seen = {
    answers,
    logged: server.logged,
    events: String(events.map(inText)),
    feed,
    documents: documents.map(inText),
    messages: messages.map(inText),
  };
  expect(keys.length).toBeGreaterThanOrEqual(6);
  for (const [where, said] of Object.entries(seen))
    for (const key of keys)
      for (const [form, bytes] of formsOf(key)) expect(String(said).includes(bytes.toString('latin1')), `${form} in ${where}`).toBe(false);
});

const inText = (value: unknown): string => JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each));
