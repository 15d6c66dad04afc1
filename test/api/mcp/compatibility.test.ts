import { afterAll, beforeAll, expect, test } from 'vitest';
import { setMcpServerPolicy, setMcpToolPolicy } from '../../../src/commands/mcp.ts';
import { askFor, settled } from '../../harness/chat.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';
import { bearer, startServer, type TestServer } from '../http/start-server.ts';

let server: TestServer;
let member: Record<string, string>;
beforeAll(async () => {
  server = await startServer();
  member = bearer((await server.tokens.access(ada)).token);
});
afterAll(() => server.stop());

const ada = person('ada');
const release = (folder: string): string => new URL(`../../../node_modules/${folder}/dist/index.js`, import.meta.url).pathname;
// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any> => {
  const response = await server.call(method, path, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) });
  return { status: response.status, ...JSON.parse(await response.text()) };
};
const everything = (folder: string) => ({
  owner: 'organisation',
  slug: 'everything',
  transport: 'stdio',
  address: { command: 'node', args: [release(folder)] },
});

test('when a server says something else, the report says what breaks, what may be what now, and which of one’s calls would fail; taken, all is well', {
  timeout: 60_000,
}, async () => {
  const { kernel } = server.installation;
  const { serverId } = await ask('POST', '/api/mcp/servers', everything('everything-2025-11-25'));
  const of = `/api/mcp/servers/${serverId}`;
  await ask('POST', `${of}/refresh`);
  expect(await ask('GET', `${of}/compatibility`)).toMatchObject({ status: 200, class: 'compatible', changes: [] });
  await kernel.tell(administrator, setMcpServerPolicy({ serverId, tool: 'add', policy: 'allow' }));
  for (const tool of ['printEnv', 'echo']) await kernel.tell(ada, setMcpToolPolicy({ serverId, tool, policy: 'allow' }));
  for (const call of ['add {"a":1,"b":2}', 'add {"a":"one"}', 'echo {"message":"hello"}', 'printEnv {}'])
    await settled(kernel, await askFor(kernel, ada, `/call everything__${call}`));

  await ask('PUT', of, everything('everything-2026-1-26'));
  await ask('POST', `${of}/refresh`);
  const report = await ask('GET', `${of}/compatibility`, undefined, member);
  expect(report).toMatchObject({ status: 200, class: 'breaking' });
  expect(report.changes).toContainEqual({ class: 'breaking', subject: 'tool add', path: '', what: 'It is gone.' });
  const likeliest = (from: string) => report.renames.find((each: { from: string }) => each.from === from);
  expect(likeliest('add')).toMatchObject({ to: 'get-sum', arguments: { a: 'a', b: 'b' } });
  expect(likeliest('printEnv')).toMatchObject({ to: 'get-env' });
  expect(report.touched.policies).toEqual(
    expect.arrayContaining([
      { tool: 'add', policy: 'allow', of: 'everybody' },
      { tool: 'printEnv', policy: 'allow', of: 'self' },
    ]),
  );
  expect(report.touched.pins).toContainEqual({ tool: 'printEnv', trust: 'first', became: 'gone' });
  expect(report.touched.calls).toEqual({ tried: 4, fits: 3, fails: 1, undecided: 0 });
  expect(report.touched.failing).toMatchObject([{ tool: 'add', as: 'get-sum' }]);
  expect(report.touched.failing[0].why).toEqual(expect.arrayContaining([{ path: '/b', rule: 'required' }]));
  // Of the calls of others one knows nothing, whoever administers the server how many.
  const other = bearer((await server.tokens.access(person('bob'))).token);
  expect((await ask('GET', `${of}/compatibility`, undefined, other)).touched).toMatchObject({ calls: { tried: 0 }, failing: [] });
  expect((await ask('GET', `${of}/compatibility`)).touched).toMatchObject({ calls: { tried: 4, fails: 1 }, failing: [] });
  // The graph says what of one’s own uses the server, and of others how many they are to whoever looks after it.
  await ask(
    'POST',
    '/api/prompts',
    { name: 'adds', content: { messages: [{ role: 'user', content: { type: 'text', text: 'Use everything__get-sum.' } }] } },
    member,
  );
  const used = async (headers?: Record<string, string>) => ask('GET', '/api/mcp/dependencies', undefined, headers);
  await until(async () => (await used(member)).usage.some(({ kind }: { kind: string }) => kind === 'prompt'));
  const { usage, others } = await used(member);
  expect(usage).toContainEqual(expect.objectContaining({ kind: 'prompt', title: 'adds', server: 'everything', tools: ['get-sum'] }));
  const conversations = usage.filter(({ kind }: { kind: string }) => kind === 'conversation');
  expect(conversations.map(({ tools }: { tools: string[] }) => tools).toSorted()).toEqual([['add'], ['add'], ['echo'], ['printEnv']]);
  expect(others).toEqual([]);
  expect(await used(other)).toMatchObject({ usage: [], others: [] });
  expect(await used()).toMatchObject({ usage: [], others: [{ server: 'everything', persons: 1, calls: 4 }] });

  const { contractId, hash: contractHash } = report;
  expect(await ask('POST', `${of}/contract`, { contractId, contractHash }, member)).toMatchObject({ status: 404 });
  expect(await ask('POST', `${of}/contract`, { contractId, contractHash: '0'.repeat(64) })).toMatchObject({ status: 422, code: 'ContractChanged' });
  expect(await ask('POST', `${of}/contract`, { contractId, contractHash })).toMatchObject({ status: 200 });
  await until(async () => (await ask('GET', `${of}/compatibility`)).changes.length === 0);
  expect((await ask('GET', of)).contract.quarantined).toEqual([]);
});

test('a file says what a server needs, and the graph says that it is not there and what to do', async () => {
  const mcpServers = { notes: { url: 'http://127.0.0.1:9/mcp', requires: { memory: '^2026.1' } } };
  await ask('POST', '/api/mcp/import', { mcpServers }, member);
  await until(async () => (await ask('GET', '/api/mcp/dependencies', undefined, member)).edges?.length > 0);
  const graph = await ask('GET', '/api/mcp/dependencies', undefined, member);
  expect(graph.edges).toEqual([{ from: 'notes', to: 'memory', kind: 'requires', label: '^2026.1' }]);
  expect(graph.findings).toMatchObject([{ kind: 'missing', server: 'notes', other: 'memory', remedy: expect.stringContaining('Install memory') }]);
  expect(graph.plan).toMatchObject({ ok: false, why: expect.arrayContaining([expect.stringContaining('needs memory ^2026.1')]) });
  const broken = { mcpServers: { bad: { url: 'http://127.0.0.1:9/mcp', _meta: { 'dev.annals/compat': { requires: { servers: 'memory' } } } } } };
  expect((await ask('POST', '/api/mcp/import', broken, member)).imported).toMatchObject([{ outcome: 'refused' }]);
});
