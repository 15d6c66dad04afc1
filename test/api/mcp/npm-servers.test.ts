import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pmmToolRoutes } from '../../../src/api/pmm/mcp-tools.ts';
import type { Json } from '../../../src/domain/event.ts';
import { eventsOf, settled } from '../../harness/chat.ts';
import { entryOf, npmServers } from '../../harness/mcp-servers.ts';
import { until } from '../../harness/until.ts';
import { startServer, type TestServer } from '../http/start-server.ts';

type Name = keyof typeof npmServers;
const names = Object.keys(npmServers) as Name[];
const folder = mkdtempSync(join(tmpdir(), 'annals-npm-servers-'));
const ids = new Map<Name, string>();
let server: TestServer;
/** In place of the service that context7 asks. */
let library: Server;

/** The arguments that each is started with, and what is put into its environment. */
const startedWith: Partial<Record<Name, { args?: string[]; env?: () => Record<string, string> }>> = {
  filesystem: { args: [folder] },
  memory: { env: () => ({ MEMORY_FILE_PATH: join(folder, 'memory.json') }) },
  context7: { env: () => ({ CONTEXT7_API_URL: `http://127.0.0.1:${(library.address() as AddressInfo).port}` }) },
};

const preloaded = new URL('../../harness/held-answers.js', import.meta.url).href;
/** How many calls have reached the server, or how many of its answers were held back. */
const countOf = (name: Name, what: 'called' | 'held'): number => {
  const calls = join(folder, 'calls');
  return existsSync(calls)
    ? readFileSync(calls, 'utf8')
        .split('\n')
        .filter((line) => line === `${name} ${what}`).length
    : 0;
};

beforeAll(async () => {
  writeFileSync(join(folder, 'note.txt'), 'remember the milk');
  const found = { id: '/annals/docs', title: 'Annals', description: 'What happened', totalSnippets: 7, trustScore: 9, versions: [] };
  library = createServer((_req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results: [found] })));
  await new Promise<void>((resolve) => library.listen(0, '127.0.0.1', resolve));
  server = await startServer({ server: { routes: pmmToolRoutes } });
  const began = performance.now();
  for (const name of names) {
    const { args = [], env } = startedWith[name] ?? {};
    const address = { command: 'node', args: ['--import', preloaded, entryOf(name), ...args] };
    const all = { HELD_ANSWERS: folder, HELD_NAME: name, ...env?.() };
    const answer = await ask('POST', '/api/mcp/servers', { owner: 'organisation', slug: name, transport: 'stdio', address, env: all });
    expect(answer).toMatchObject({ status: 201 });
    ids.set(name, answer.serverId);
  }
  // Nobody has waited for a server to start.
  expect(performance.now() - began).toBeLessThan(10_000);
  for (const id of ids.values()) await until(async () => (await ask('GET', `/api/mcp/servers/${id}`)).contract?.tools > 0);
}, 60_000);
afterAll(async () => {
  await server?.stop();
  library?.close();
  rmSync(folder, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answers
const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
  const response = await server.call(method, path, body === undefined ? {} : { body });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : JSON.parse(text)) };
};
interface Run {
  readonly conversationId: string;
  readonly runId: string;
}
async function asked(tool: string, input: Json): Promise<Run> {
  const { conversationId } = await ask('POST', '/api/conversations', {});
  const parts = [{ type: 'text', text: `/call ${tool} ${JSON.stringify(input)}` }];
  const { runId } = await ask('POST', `/api/conversations/${conversationId}/messages`, { parts, reply: true });
  return { conversationId, runId };
}
const hasSettled = (run: Run): Promise<string> => settled(server.installation.kernel, run as Parameters<typeof settled>[1]);
/** The call of this run as everybody who reads the thread sees it. */
async function callOf({ conversationId }: Run): Promise<{ state: string; output?: unknown; errorText?: string }> {
  const { messages } = await ask('GET', `/api/conversations/${conversationId}/messages`);
  return messages.flatMap(({ parts }: { parts: { type: string }[] }) => parts).find(({ type }: { type: string }) => type === 'tool');
}

test('all six, old ones and one of the new era, are listed side by side', { timeout: 60_000 }, async () => {
  const { tools, late } = await ask('GET', '/api/mcp/tools?force_refresh=true');
  expect(late).toEqual([]);
  const counts = Object.fromEntries(names.map((name) => [name, tools.filter((tool: { server: string }) => tool.server === name).length]));
  expect(counts).toEqual({ everything: 15, filesystem: 14, memory: 9, sequential: 1, git: 28, context7: 2 });
  const known = tools.filter((tool: { server: string }) => names.includes(tool.server as Name));
  for (const { name, offered, policy } of known)
    expect({ name, offered, policy, short: name.length <= 64 }).toEqual({ name, offered: true, policy: 'ask', short: true });
  const { servers } = await ask('GET', '/api/mcp/servers');
  const ours = servers.filter(({ slug }: { slug: Name }) => names.includes(slug));
  const eras = ours.map(({ contract }: { contract: { era: string } }) => contract.era);
  expect(eras.toSorted()).toEqual([...Array(5).fill('legacy'), 'modern']);
  for (const { status } of ours) expect(status).toMatchObject({ state: 'ready', memoryBytes: expect.toSatisfy((bytes: number) => bytes > 1e7) });
  const pmm = await ask('GET', '/v1/chat/mcp/tools?force_refresh=true');
  expect(pmm.force_refresh).toBe(true);
  expect(pmm.tools.filter(({ server: of }: { server: string }) => of !== 'built-in')).toHaveLength(69);
  const shape = { name: expect.any(String), description: expect.any(String), input_schema: expect.any(Object), server: expect.any(String) };
  expect(pmm.tools[0]).toEqual(shape);
  const metrics = await (await server.call('GET', '/metrics')).text();
  expect(metrics).toMatch(/mcp_client_operation_duration_seconds_count\{.*mcp_method_name="tools\/list".*\} [1-9]/);
  expect(metrics).toContain('annals_mcp_connections{state="ready"}');
});

const repository = join(folder, 'repository');
/** Of each server one tool, and what shows that it really ran. */
const calls: Record<Name, { tool: string; input: Json; ran: RegExp | (() => boolean) }> = {
  everything: { tool: 'get-sum', input: { a: 20, b: 22 }, ran: /\b42\b/ },
  filesystem: { tool: 'read_text_file', input: { path: join(folder, 'note.txt') }, ran: /remember the milk/ },
  memory: {
    tool: 'create_entities',
    input: { entities: [{ name: 'Ada', entityType: 'person', observations: ['likes tea'] }] },
    ran: () => readFileSync(join(folder, 'memory.json'), 'utf8').includes('likes tea'),
  },
  sequential: {
    tool: 'sequentialthinking',
    input: { thought: 'first', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
    ran: /thoughtHistoryLength/,
  },
  git: { tool: 'git_init', input: { path: repository }, ran: () => existsSync(join(repository, '.git', 'HEAD')) },
  context7: { tool: 'resolve-library-id', input: { query: 'what happened', libraryName: 'annals' }, ran: /\/annals\/docs/ },
};

test('a tool of each is called in a chat when somebody has allowed it, and not before', { timeout: 60_000 }, async () => {
  // Other tests may have called them before.
  writeFileSync(join(folder, 'memory.json'), '');
  rmSync(repository, { recursive: true, force: true });
  await Promise.all(
    names.map(async (name) => {
      const { tool, input, ran } = calls[name];
      const run = await asked(`${name}__${tool}`, input);
      const waiting = async () => (await ask('GET', '/api/approvals')).approvals.find(({ runId }: Run) => runId === run.runId);
      await until(async () => (await waiting()) !== undefined);
      const approval = await waiting();
      expect(approval).toMatchObject({ tool, input, serverId: ids.get(name) });
      expect((await callOf(run)).state).toBe('approval-requested');
      if (typeof ran === 'function') expect(ran()).toBe(false);
      expect(await ask('POST', `/api/runs/${run.runId}/approvals/${approval.approvalId}`, { approved: true })).toMatchObject({ status: 200 });
      expect(await hasSettled(run)).toBe('completed');
      const called = await callOf(run);
      expect(called, JSON.stringify(called)).toMatchObject({ state: 'output-available' });
      if (typeof ran === 'function') expect(ran()).toBe(true);
      else expect(JSON.stringify(called.output)).toMatch(ran);
    }),
  );
});

/** The processes of this one that run the server. */
const processesOf = (name: Name): number[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entryOf(name));
      } catch {
        return false;
      }
    })
    .map(Number);

/** Of which the tool says that calling it twice does no harm. */
const mayRepeat: readonly Name[] = ['everything', 'filesystem', 'sequential', 'context7'];
const AT_ONCE = 3;
const restarts: Record<string, (name: Name) => Promise<unknown>> = {
  killed: async (name) => processesOf(name).forEach((pid) => void process.kill(pid, 'SIGKILL')),
  'switched off and on': async (name) => {
    for (const enabled of [false, true]) await ask('PUT', `/api/mcp/servers/${ids.get(name)}/enabled`, { enabled });
  },
};

test.each(Object.entries(restarts))(
  'each that is %s while it is called ends every call once, makes again only what may be made twice, and takes the next',
  { timeout: 60_000 },
  async (way, restart) => {
    const status = async (name: Name) => (await ask('GET', `/api/mcp/servers/${ids.get(name)}`)).status;
    const policy = (name: Name, said: 'allow' | null) =>
      ask('PUT', '/api/mcp/policies', { serverId: ids.get(name), tool: calls[name].tool, policy: said });
    const connected = async (name: Name): Promise<void> => {
      await ask('POST', `/api/mcp/servers/${ids.get(name)}/refresh`);
      await until(async () => (await status(name)).state === 'ready');
    };
    const call = (name: Name): Promise<Run> => asked(`${name}__${calls[name].tool}`, calls[name].input);
    await Promise.all(names.map(async (name) => [await policy(name, 'allow'), await connected(name)]));
    const before = names.flatMap(processesOf);
    rmSync(join(folder, 'calls'), { force: true });
    writeFileSync(join(folder, 'hold'), '');
    const runs = new Map(
      await Promise.all(names.map(async (name) => [name, await Promise.all(Array.from({ length: AT_ONCE }, () => call(name)))] as const)),
    );
    await until(() => names.every((name) => countOf(name, 'held') === AT_ONCE));
    rmSync(join(folder, 'hold'));
    await Promise.all(names.map(restart));
    for (const [name, all] of runs) {
      const again = mayRepeat.includes(name);
      for (const run of all) {
        expect(await hasSettled(run)).toBe('completed');
        const ends = (await eventsOf(server.installation.disk, `run-${run.runId}`)).filter(({ type }) => type === 'ToolCallEnded');
        expect(ends).toHaveLength(1);
        const { state, errorText } = await callOf(run);
        if (state === 'output-error') expect(errorText, name).toMatch(again ? /./ : /unknown/);
        if (way === 'killed') expect([name, state]).toEqual([name, again ? 'output-available' : 'output-error']);
      }
      if (again) expect(countOf(name, 'called')).toBeLessThanOrEqual(2 * AT_ONCE);
      else expect([name, countOf(name, 'called')]).toEqual([name, AT_ONCE]);
    }
    await until(() => !names.flatMap(processesOf).some((pid) => before.includes(pid)));
    await Promise.all(
      names.map(async (name) => {
        await connected(name);
        const next = await call(name);
        expect(await hasSettled(next)).toBe('completed');
        const called = await callOf(next);
        expect(called, JSON.stringify([name, called])).toMatchObject({ state: 'output-available' });
        await policy(name, null);
      }),
    );
  },
);
