import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNpmPackages } from '../../../src/adapters/npm/index.ts';
import type { Json } from '../../../src/domain/event.ts';
import type { ServerProcess } from '../../harness/server-process.ts';
import { call, chat, cleanUp, newFolder, startOn } from '../process/processes.ts';

/** What is called, and what its answer shows. */
interface Use {
  readonly tool: string;
  readonly input: Json;
  readonly says: RegExp;
}
interface Real {
  readonly package: string;
  readonly from: string;
  readonly to: string;
  /** Why the new release waits for somebody; empty: it is taken by itself. */
  readonly waits: readonly string[];
  readonly args?: readonly string[];
  readonly env?: () => Record<string, string>;
  readonly old: Use;
  /** Where the new release calls it otherwise. */
  readonly now?: Use;
  readonly renames?: Record<string, string>;
}

cleanUp();
const data = newFolder();
const place = realpathSync(newFolder());
/** In place of the service that context7 asks. */
const found = { id: '/annals/docs', title: 'Annals', description: 'What happened', totalSnippets: 7, trustScore: 9, versions: [] };
const library = createServer((_req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results: [found] })));

const sum = { input: { a: 20, b: 22 }, says: /\b42\b/ };
/** All six that Annals is tried with: old ones and one of the new era, the pairs as the registry has them. */
const servers: Readonly<Record<string, Real>> = {
  everything: {
    package: '@modelcontextprotocol/server-everything',
    ...{ from: '2025.11.25', to: '2026.1.26', waits: ['Breaking'] },
    ...{ old: { tool: 'add', ...sum }, now: { tool: 'get-sum', ...sum }, renames: { add: 'get-sum' } },
  },
  filesystem: {
    package: '@modelcontextprotocol/server-filesystem',
    ...{ from: '2026.7.10', to: '2026.8.31', waits: [] },
    args: [place],
    old: { tool: 'read_text_file', input: { path: join(place, 'note.txt') }, says: /remember the milk/ },
  },
  memory: {
    package: '@modelcontextprotocol/server-memory',
    ...{ from: '2026.7.4', to: '2026.8.31', waits: [] },
    env: () => ({ MEMORY_FILE_PATH: join(place, 'memory.json') }),
    old: { tool: 'create_entities', input: { entities: [{ name: 'Ada', entityType: 'person', observations: [] }] }, says: /entities/ },
  },
  sequential: {
    package: '@modelcontextprotocol/server-sequential-thinking',
    ...{ from: '2026.7.4', to: '2026.8.31', waits: [] },
    old: {
      tool: 'sequentialthinking',
      input: { thought: 'first', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      says: /thoughtHistoryLength/,
    },
  },
  git: {
    package: '@cyanheads/git-mcp-server',
    ...{ from: '2.15.1', to: '2.15.3', waits: ['Breaking'] },
    old: { tool: 'git_init', input: { path: join(place, 'repository') }, says: /success/ },
  },
  context7: {
    package: '@upstash/context7-mcp',
    ...{ from: '4.1.0', to: '4.1.1', waits: ['Breaking'] },
    env: () => ({ CONTEXT7_API_URL: `http://127.0.0.1:${(library.address() as AddressInfo).port}` }),
    old: { tool: 'resolve-library-id', input: { query: 'what happened', libraryName: 'annals' }, says: /\/annals\/docs/ },
  },
};

const npm = createNpmPackages({ folder: newFolder() });
const known = await npm.versions('@modelcontextprotocol/server-memory', null, AbortSignal.timeout(15_000));
if (!known.ok) console.warn(`Skipped updates of real servers: ${known.error.message}`);

let annals: ServerProcess;
beforeAll(async () => {
  writeFileSync(join(place, 'note.txt'), 'remember the milk');
  mkdirSync(join(place, 'repository'));
  await new Promise<void>((resolve) => library.listen(0, '127.0.0.1', resolve));
  annals = await startOn(data, { ANNALS_MCP_WATCH: '0' });
});
afterAll(async () => {
  library.close();
  await annals?.kill('SIGKILL');
  // Tens of thousands of files: all packages at the same time.
  const packages = join(data, 'tool-servers');
  const each = await readdir(packages).catch(() => []);
  await Promise.all(each.map((name) => rm(join(packages, name), { recursive: true })));
});

const ask = async (method: string, path: string, body?: unknown) => {
  const { status, json } = await call(annals.url, method, path, body);
  expect(status, `${method} ${path}: ${JSON.stringify(json)}`).toBeLessThan(300);
  return json;
};
/** Looked at now and then: the machine has enough to do with installing. */
const reached = async <Value>(look: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> => {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await sleep(400);
  }
};

/** The tool is called in a chat, once its person has allowed it. */
async function use(slug: string, { tool, input, says }: Use): Promise<void> {
  const called = `${slug}__${tool}`;
  await reached(
    () => ask('GET', '/api/mcp/tools'),
    ({ tools }) => tools.some(({ name, offered }: { name: string; offered: boolean }) => name === called && offered),
  );
  const { conversationId, runId } = await chat(annals.url, `/call ${called} ${JSON.stringify(input)}`);
  const isThis = (each: { runId: string }): boolean => each.runId === runId;
  const { approvals } = await reached(
    () => ask('GET', '/api/approvals'),
    (open) => open.approvals.some(isThis),
  );
  const approval = approvals.find(isThis);
  expect(approval).toMatchObject({ tool, input });
  await ask('POST', `/api/runs/${runId}/approvals/${approval.approvalId}`, { approved: true });
  const partOf = async () =>
    (await ask('GET', `/api/conversations/${conversationId}/messages`)).messages
      .flatMap(({ parts }: { parts: { type: string }[] }) => parts)
      .find(({ type }: { type: string }) => type === 'tool');
  const part = await reached(partOf, ({ state }) => state === 'output-available' || state === 'output-error');
  expect(JSON.stringify(part)).toMatch(says);
}

/** From the first connect, which installs it, over the new release and back. */
async function updateAndBack(slug: string, { package: name, from, to, waits, args = [], env, old, now = old, renames = {} }: Real): Promise<void> {
  const address = { command: 'npx', args: ['-y', `${name}@${from}`, ...args] };
  const body = { owner: 'organisation', slug, transport: 'stdio', address, env: env?.() ?? {} };
  const of = `/api/mcp/servers/${(await ask('POST', '/api/mcp/servers', body)).serverId}`;
  const updates = () => ask('GET', `${of}/updates`);
  const runs = (version: string) =>
    reached(
      () => ask('GET', of),
      ({ status }) => status?.state === 'ready' && status.release === version,
    );
  const { status } = await reached(
    () => ask('GET', of),
    (server) => ['ready', 'backoff', 'failed'].includes(server.status?.state),
  );
  expect(status, 'The first connect holds, however long it takes to install it.').toMatchObject({ state: 'ready' });
  await use(slug, old);
  await runs(from);

  await ask('POST', `${of}/releases`);
  await reached(updates, ({ versions }) => versions.includes(to));
  const { updateId } = await ask('POST', `${of}/updates`, { version: to, swap: 'compatible' });
  const { update } = await reached(updates, ({ update: { status: at } }) => !['preparing', 'watched'].includes(at));
  expect(update).toMatchObject({ status: waits.length > 0 ? 'waiting' : 'kept', why: waits, reason: null });
  if (waits.length > 0) {
    expect(update.report.changes.length).toBeGreaterThan(0);
    await ask('POST', `${of}/updates/${updateId}/approve`, { contractHash: update.afterHash, renames });
    await reached(updates, (shown) => shown.update.status === 'kept');
  }
  await use(slug, now);
  await runs(to);

  await ask('POST', `${of}/roll-back`);
  await reached(updates, ({ running }) => running === from);
  await use(slug, old);
  await runs(from);
  expect((await updates()).update.status).toBe('rolledBack');
}

const processesIn = (folder: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });

test.skipIf(!known.ok)(
  'six servers from npm are registered, used, updated, used, rolled back and used side by side, and none is left over',
  { timeout: 300_000 },
  async () => {
    const done = await Promise.allSettled(Object.entries(servers).map(([slug, real]) => updateAndBack(slug, real)));
    const failed = Object.keys(servers).flatMap((slug, at) => (done[at]?.status === 'rejected' ? [`${slug}: ${done[at].reason}`] : []));
    expect(failed).toEqual([]);
    expect(processesIn(join(data, 'tool-servers')).length).toBeGreaterThanOrEqual(6);
    expect(await annals.kill('SIGTERM'), annals.output()).toBe(0);
    expect(processesIn(data)).toEqual([]);
  },
);
