import { afterAll, beforeAll, expect, test } from 'vitest';
import { playedTool, playReleases } from '../../harness/played-releases.ts';
import { until } from '../../harness/until.ts';
import { startServer, type TestServer } from '../http/start-server.ts';

const NAME = '@x/memory';
const tools = [playedTool('read')];
const mcp = { ...playReleases(NAME, { '1.0.0': { tools }, '2.0.0': { tools: [...tools, playedTool('write')] } }), watchMs: 0, pollMs: 5 };
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ annals: { mcp } });
});
afterAll(() => server.stop());

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
  const response = await server.call(method, path, body === undefined ? {} : { body });
  return { status: response.status, ...(await response.json()) };
};
const memory = {
  ...{ owner: 'organisation', slug: 'memory', transport: 'stdio', enabled: false },
  address: { command: 'npx', args: ['-y', `${NAME}@1.0.0`] },
};
const plan = async (): Promise<{ steps?: { serverId: string; action: string }[] }> => (await ask('GET', '/api/mcp/dependencies')).plan;

test('a plan is taken step by step, changes nothing when it is taken again, and is taken back by what its report says', async () => {
  const { serverId } = await ask('POST', '/api/mcp/servers', memory);
  const of = `/api/mcp/servers/${serverId}`;
  await ask('POST', `${of}/releases`);
  await until(async () => (await ask('GET', `${of}/updates`)).versions?.length > 0);
  const notes = { slug: 'notes', owner: 'organisation', transport: 'http', address: { url: 'http://127.0.0.1:9/mcp' } };
  const asker = (await ask('POST', '/api/mcp/servers', notes)).serverId;
  await ask('PUT', `/api/mcp/servers/${asker}/requirements`, { requirements: { requires: { servers: { memory: '^2' } } } });
  const changing = async () => (await plan()).steps?.filter(({ action }) => action !== 'keep') ?? [];
  await until(async () => (await changing()).length > 0);
  const wanted = await changing();
  expect(wanted).toMatchObject([
    { serverId, action: 'enable' },
    { serverId, action: 'update', to: '2.0.0' },
  ]);
  const first = await ask('POST', '/api/mcp/plan', { steps: wanted });
  expect(first).toMatchObject({
    status: 200,
    steps: [{ outcome: 'done' }, { outcome: 'begun' }],
    undo: [{ action: 'leave' }, { action: 'disable' }],
  });
  expect((await ask('POST', '/api/mcp/plan', { steps: wanted })).steps).toMatchObject([{ outcome: 'already' }, { outcome: 'already' }]);
  await until(async () => (await ask('GET', `${of}/updates`)).update?.status === 'kept');
  await until(async () => (await changing()).length === 0);
  expect(await ask('POST', '/api/mcp/plan', { steps: wanted })).toMatchObject({ steps: [{ outcome: 'already' }, { outcome: 'already' }], undo: [] });

  expect((await ask('POST', '/api/mcp/plan', { steps: first.undo })).steps).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }]);
  await until(async () => (await ask('GET', of)).enabled === false);
  await until(async () => (await ask('GET', `${of}/updates`)).running === '1.0.0');
  expect((await ask('POST', '/api/mcp/plan', { steps: first.undo })).steps).toMatchObject([{ outcome: 'already' }, { outcome: 'already' }]);
});

test('a step that cannot be taken says why, and keeps no other from being taken', async () => {
  const lone = { slug: 'lone', owner: 'organisation', transport: 'http', address: { url: 'http://127.0.0.1:9/mcp' } };
  const { serverId } = await ask('POST', '/api/mcp/servers', lone);
  const steps = [
    { serverId: 'mcp_org_none', action: 'disable' },
    { serverId, action: 'update', to: '1.0.0' },
    { serverId, action: 'leave', updateId: 'none' },
    { serverId, action: 'disable' },
  ];
  const { steps: outcomes, undo } = await ask('POST', '/api/mcp/plan', { steps });
  expect(outcomes).toMatchObject([
    { outcome: 'refused', reason: expect.any(String) },
    { outcome: 'refused', reason: expect.any(String) },
    { outcome: 'refused', reason: expect.any(String) },
    { outcome: 'done' },
  ]);
  expect(undo).toEqual([{ serverId, action: 'enable' }]);
});
