import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeMcpServer } from '../../../src/commands/mcp.ts';
import { registerProviderKey } from '../../../src/commands/provider-key.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { usualRotation } from '../../../src/domain/provider-key.ts';
import { listMcpTools } from '../../../src/projections/queries/mcp-tools.ts';
import { startServer, type TestServer } from '../../api/http/start-server.ts';
import { settled } from '../../harness/chat.ts';
import { httpServer, listed } from '../../harness/mcp-servers.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { initialized, type RawMcp, startRawMcp, tool } from '../../harness/raw-mcp.ts';
import { until } from '../../harness/until.ts';

const [ada, bob] = [person('ada'), person('bob')];
const secretOf = (owner: string): string => `the-secret-of-${owner}-0123456789`;

/** Keeps every byte that it is sent. */
interface Listening extends RawMcp {
  readonly heard: string[];
}
async function listening(): Promise<Listening> {
  const heard: string[] = [];
  const server = await startRawMcp((asked, req) => {
    heard.push(JSON.stringify([req.url, req.rawHeaders, asked]));
    if (asked.method === 'initialize') return { result: initialized };
    if (asked.method === 'tools/list') return { result: { tools: [tool('write', { annotations: { readOnlyHint: true } })] } };
    return asked.method === 'tools/call' ? { result: { content: [{ type: 'text', text: 'done' }] } } : undefined;
  });
  return { ...server, heard };
}

let server: TestServer;
type Owner = 'ada' | 'bob' | 'organisation';
let servers: Record<Owner, Listening>;
let bobs = '';
const kernel = () => server.installation.kernel;

const headersFor = (owner: string) => ({ authorization: `Bearer ${secretOf(owner)}` });
async function register(who: Principal, owner: Owner, slug: string): Promise<string> {
  const more = { headers: headersFor(owner), ...(owner === 'organisation' ? { owner } : {}) };
  const told = await kernel().tell(who, httpServer(slug, servers[owner].url, more));
  if (!told.ok) throw new Error(told.error.message);
  await listed(server.installation, told.result.serverId);
  return told.result.serverId;
}
const headersOf = async ({ id }: Principal) => ({
  authorization: `Bearer ${(await server.tokens.access({ id, kind: 'person', roles: ['member'] })).token}`,
});
const calls = ({ asked }: RawMcp): number => asked.filter(({ method }) => method === 'tools/call').length;

beforeAll(async () => {
  server = await startServer();
  servers = { ada: await listening(), bob: await listening(), organisation: await listening() };
  await register(ada, 'ada', 'desk');
  bobs = await register(bob, 'bob', 'desk');
  await register(administrator, 'organisation', 'shared');
  for (const [who, owner] of [
    [ada, 'self'],
    [administrator, 'organisation'],
  ] as const) {
    const apiKey = secretOf(owner === 'self' ? 'adas-provider' : 'our-provider');
    const key = { owner, provider: 'openai', description: '', scopes: {}, rotation: usualRotation, apiKey };
    expect((await kernel().tell<unknown>(who, registerProviderKey(key))).ok).toBe(true);
  }
}, 60_000);
afterAll(async () => {
  await server?.stop();
  for (const each of Object.values(servers ?? {})) await each.close();
});

/** Sends a message as a person does and, where a tool is waiting, allows it. */
async function chat(who: Principal, text: string, more: object = {}): Promise<{ status: number; outcome?: string }> {
  const headers = await headersOf(who);
  const { conversationId } = (await (await server.call('POST', '/api/conversations', { headers, body: {} })).json()) as { conversationId: string };
  const sent = await server.call('POST', `/api/conversations/${conversationId}/messages`, {
    headers,
    body: { parts: [{ type: 'text', text }], ...more },
  });
  const { runId } = (await sent.json()) as { runId?: string };
  if (runId === undefined) return { status: sent.status };
  let asked: { approvalId: string } | undefined;
  const over = async (): Promise<boolean> => {
    const { approvals } = (await (await server.call('GET', '/api/approvals', { headers })).json()) as {
      approvals: { runId: string; approvalId: string }[];
    };
    asked = approvals.find((each) => each.runId === runId);
    const { status } = (await (await server.call('GET', `/api/runs/${runId}`, { headers })).json()) as { status: string };
    return asked !== undefined || !['requested', 'running', 'streaming', 'waiting'].includes(status);
  };
  await until(over);
  if (asked) await server.call('POST', `/api/runs/${runId}/approvals/${asked.approvalId}`, { headers, body: { approved: true } });
  return { status: sent.status, outcome: await settled(kernel(), { conversationId: conversationId as never, runId: runId as never }) };
}

test('A16: a server of tools gets what its owner gave for it, and of nobody else a secret, a token or a key', async () => {
  expect(await chat(ada, '/call desk__write {}')).toMatchObject({ outcome: 'completed' });
  expect(await chat(bob, '/call desk__write {}')).toMatchObject({ outcome: 'completed' });
  expect(await chat(ada, '/call shared__write {}')).toMatchObject({ outcome: 'completed' });
  // Two servers of one name: each person's call has reached its own.
  expect([calls(servers.ada), calls(servers.bob), calls(servers.organisation)]).toEqual([1, 1, 1]);
  const tokens = [(await headersOf(ada)).authorization, (await headersOf(bob)).authorization];
  for (const [owner, { heard }] of Object.entries(servers)) {
    const all = heard.join('\n');
    expect(all, owner).toContain(secretOf(owner));
    for (const other of ['ada', 'bob', 'organisation', 'adas-provider', 'our-provider'])
      if (other !== owner) expect(all, owner).not.toContain(secretOf(other));
    for (const token of tokens) expect(all).not.toContain(token.split('.')[1]);
  }
});

test('A16: naming another’s servers and tools in a message or an address calls nothing of theirs', async () => {
  const before = [calls(servers.ada), calls(servers.bob)];
  const serverId = bobs;
  const named = {
    tool_ids: [serverId],
    tool_servers: [serverId],
    mcpServers: [serverId],
    tools: { bob: { serverId } },
    serverId,
    knowledge: [serverId],
  };
  const told = await chat(ada, `/call ${serverId}__write {}`, named);
  expect([201, 400, 403, 404]).toContain(told.status);
  for (const path of [`/api/mcp/servers/${serverId}`, `/api/mcp/servers/${serverId}/connections`, `/api/mcp/servers/${serverId}/change?tool=write`])
    expect((await server.call('GET', path, { headers: await headersOf(ada) })).status, path).toBe(404);
  for (const [method, path, body] of [
    ['POST', 'refresh', undefined],
    ['PUT', 'enabled', { enabled: false }],
    ['PUT', 'policy', { policy: 'allow', tool: null }],
    ['POST', 'approve', { contractId: serverId, tool: 'write', hash: 'f'.repeat(64) }],
    ['DELETE', '', undefined],
  ] as const)
    expect(
      (await server.call(method, `/api/mcp/servers/${serverId}/${path}`.replace(/\/$/, ''), { headers: await headersOf(ada), body })).status,
      path,
    ).toBe(404);
  expect([calls(servers.ada), calls(servers.bob)]).toEqual(before);
  const seen = await kernel().ask(ada, listMcpTools({}));
  expect(JSON.stringify(seen)).not.toContain(serverId);
});

test('A16: an address that is changed gets nothing that was meant for the one before', async () => {
  const serverId = (await register(ada, 'ada', 'moved')) as never;
  const elsewhere = await listening();
  const given = { title: '', auth: 'none', audience: 'everybody', enabled: true, timeoutMs: null, env: {}, headers: {} } as const;
  const moved = changeMcpServer({ ...given, serverId, slug: 'moved', transport: 'http', address: { url: elsewhere.url } });
  expect(await kernel().tell(ada, moved)).toMatchObject({ ok: true });
  await until(() => elsewhere.heard.some((each) => each.includes('tools/list')));
  expect(elsewhere.heard.join('\n')).not.toMatch(/the-secret-of/);
  await elsewhere.close();
});
