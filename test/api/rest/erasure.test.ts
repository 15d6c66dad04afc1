import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { registerPerson } from '../../../src/commands/person.ts';
import { annals } from '../../../src/commands/settle-active-run.ts';
import type { PersonId } from '../../../src/domain/ids.ts';
import type { Role } from '../../../src/domain/principal.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

const tokens = createTokens({ secret: Buffer.alloc(32, 5), issuer: 'erasure-under-test' });
let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    annals: {
      clock: {
        get now() {
          return new Date();
        },
      },
    },
    server: { tokens, localPerson: false },
  });
});
afterAll(() => server.stop());

async function comes(name: string, roles: Role[] = ['member']) {
  const id = `person_${name}` as PersonId;
  const { kernel } = server.installation;
  const told = await kernel.tell(annals(id), registerPerson({ person: id, via: 'administrator', roles, profile: {} }));
  if (!told.ok) throw new Error(told.error.message);
  const { token } = await tokens.access({ id, kind: 'person', roles });
  const call = (method: string, path: string, body?: unknown) =>
    server.call(method, path, { headers: bearer(token), ...(body === undefined ? {} : { body }) });
  return { id, call };
}
const progressOf = async (jobId: string): Promise<string> =>
  ((await (await server.call('GET', `/api/erasures/${jobId}`)).json()) as { status: string }).status;

test('whoever deletes their account types it first, is shut out at once, and can see it come to its end', async () => {
  const { id, call } = await comes('ada');
  await call('POST', '/api/conversations', { title: 'Mine' });
  expect((await call('POST', '/api/me/erase', {})).status).toBe(400);
  expect((await call('POST', '/api/me/erase', { confirm: 'yes' })).status).toBe(400);
  const answer = await call('POST', '/api/me/erase', { confirm: 'delete my account' });
  expect(answer.status).toBe(202);
  const { jobId } = (await answer.json()) as { jobId: string };
  expect((await call('GET', '/api/me')).status).toBe(401);
  await until(async () => (await progressOf(jobId)) === 'succeeded');
  const body = await (await server.call('GET', `/api/erasures/${jobId}`)).text();
  expect(body).not.toContain(id);
});

test('an administrator deletes somebody by naming them twice; nobody else does', async () => {
  const [root, eve] = [await comes('root', ['administrator']), await comes('eve')];
  const victim = await comes('victim');
  expect((await eve.call('POST', `/api/people/${victim.id}/erase`, { confirm: victim.id })).status).toBe(403);
  expect((await root.call('POST', `/api/people/${victim.id}/erase`, { confirm: 'victim' })).status).toBe(400);
  const answer = await root.call('POST', `/api/people/${victim.id}/erase`, { confirm: victim.id });
  expect(answer.status).toBe(202);
  const { jobId } = (await answer.json()) as { jobId: string };
  expect((await victim.call('GET', '/api/me')).status).toBe(401);
  expect((await root.call('POST', `/api/people/${victim.id}/erase`, { confirm: victim.id })).status).toBe(410);
  await until(async () => (await progressOf(jobId)) === 'succeeded');
  expect((await root.call('GET', `/api/people/${victim.id}`)).status).toBe(404);
  const jobs = (await (await root.call('GET', `/api/jobs?person=${victim.id}`)).json()) as { jobs: { kind: string; status: string }[] };
  expect(jobs.jobs).toMatchObject([{ kind: 'erase', status: 'succeeded' }]);
  expect((await root.call('POST', `/api/jobs/${jobId}/cancel`, {})).status).toBe(200);
});

test('the last administrator stays; with another one they may go', async () => {
  const all = (await (await (await comes('lastly', ['administrator'])).call('GET', '/api/people')).json()) as { people: { id: string }[] };
  const lastly = await comes('finally', ['administrator']);
  for (const { id } of all.people.filter((each) => each.id !== lastly.id))
    expect((await lastly.call('PUT', `/api/people/${id}/roles`, { roles: ['member'] })).status).toBeLessThan(500);
  const refused = await lastly.call('POST', '/api/me/erase', { confirm: 'delete my account' });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'LastAdministrator' });
  await comes('heir', ['administrator']);
  expect((await lastly.call('POST', '/api/me/erase', { confirm: 'delete my account' })).status).toBe(202);
});

test('one says what may be done with one’s data, and takes it back', async () => {
  const { call } = await comes('shy');
  expect(await (await call('GET', '/api/me/privacy')).json()).toEqual({ restricted: false, objectsToAnalytics: false });
  expect((await call('PATCH', '/api/me/privacy', { restricted: true, objectsToAnalytics: true })).status).toBe(200);
  expect(await (await call('GET', '/api/me/privacy')).json()).toEqual({ restricted: true, objectsToAnalytics: true });
  const { conversationId } = (await (await call('POST', '/api/conversations', {})).json()) as { conversationId: string };
  const refused = await call('POST', `/api/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text: 'Hello' }] });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'ProcessingRestricted' });
  await call('PATCH', '/api/me/privacy', { restricted: false });
  expect((await call('POST', `/api/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text: 'Hello' }] })).status).toBe(201);
});
