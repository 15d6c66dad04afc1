import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiKeyRoutes } from '../../../src/api/rini/api-keys.ts';
import { person } from '../../harness/memory-annals.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
let bearerOf: (name: string) => Promise<Record<string, string>>;
beforeAll(async () => {
  server = await startServer({ server: { routes: apiKeyRoutes } });
  bearerOf = async (name) => bearer((await server.tokens.access(person(name))).token);
});
afterAll(() => server.stop());

async function call(headers: Record<string, string>, method: string, path: string, body?: unknown) {
  const answer = await server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text), text };
}
const SECRET = 'sk-rini-0123456789abcdef';

test('keys are registered, listed, shown, changed and deleted as Rini’s clients do it', async () => {
  const ada = await bearerOf('ada');
  const made = await call(ada, 'POST', '/api-keys/', { model_provider: 'google', api_key: SECRET, description: 'First' });
  expect([made.status, made.json]).toEqual([
    201,
    {
      id: 1,
      user_id: 'person_ada',
      model_provider: 'google',
      description: 'First',
      last_four: 'cdef',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    },
  ]);
  const second = await call(ada, 'POST', '/api-keys/', { model_provider: 'openai', api_key_value: SECRET });
  expect(second.json).toMatchObject({ id: 2, description: null });
  expect((await call(ada, 'GET', '/api-keys/')).json).toEqual([made.json, second.json]);
  expect((await call(ada, 'GET', '/api-keys/?skip=1&limit=1')).json).toEqual([second.json]);
  expect((await call(ada, 'GET', '/api-keys/1')).json).toEqual(made.json);
  const changed = await call(ada, 'PUT', '/api-keys/1', { description: 'Changed', api_key: 'sk-rini-fedcba9876543210' });
  expect([changed.status, changed.json]).toEqual([200, { ...made.json, description: 'Changed', last_four: '3210' }]);
  expect((await call(ada, 'PUT', '/api-keys/1', {})).json).toEqual(changed.json);
  const gone = await call(ada, 'DELETE', '/api-keys/1');
  expect([gone.status, gone.text]).toEqual([204, '']);
  expect((await call(ada, 'GET', '/api-keys/1')).json).toEqual({ detail: 'API key not found' });
  expect((await call(ada, 'DELETE', '/api-keys/1')).status).toBe(404);
});

test('a key of somebody else is not there, though it has the same number', async () => {
  const [ada, bob] = [await bearerOf('ann'), await bearerOf('bob')];
  const { json } = await call(ada, 'POST', '/api-keys/', { model_provider: 'anthropic', api_key: SECRET });
  for (const [method, body] of [['GET'], ['PUT', { description: 'stolen' }], ['DELETE']] as const)
    expect((await call(bob, method, `/api-keys/${json.id}`, body)).status, method).toBe(404);
  expect((await call(bob, 'GET', '/api-keys/')).json).toEqual([]);
  expect((await call(ada, 'GET', `/api-keys/${json.id}`)).json).toEqual(json);
});

test('errors have FastAPI’s form', async () => {
  const ada = await bearerOf('eve');
  expect(await call({ authorization: 'Bearer a.b.c' }, 'GET', '/api-keys/')).toMatchObject({ status: 401, json: { detail: expect.any(String) } });
  expect(await call(ada, 'POST', '/api-keys/', { api_key: SECRET })).toMatchObject({
    status: 422,
    json: { detail: [{ loc: ['body', 'model_provider'], msg: expect.any(String), type: 'value_error' }] },
  });
  expect(await call(ada, 'POST', '/api-keys/', { model_provider: 'openai' })).toMatchObject({
    status: 422,
    json: { detail: [{ loc: ['body', 'api_key'], msg: 'Field required' }] },
  });
  expect((await call(ada, 'GET', '/api-keys/9999')).status).toBe(404);
  expect((await call(ada, 'GET', '/api-keys/nonsense')).status).toBe(404);
});

test('no answer shows a key', async () => {
  const bob = await bearerOf('kim');
  const { json, text } = await call(bob, 'POST', '/api-keys/', { model_provider: 'openai', api_key: SECRET });
  const said = [text, (await call(bob, 'GET', '/api-keys/')).text, (await call(bob, 'GET', `/api-keys/${json.id}`)).text];
  expect(said.join()).not.toContain('0123456789');
});
