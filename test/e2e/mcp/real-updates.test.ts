import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNpmPackages } from '../../../src/adapters/npm/index.ts';
import type { Json } from '../../../src/domain/event.ts';
import type { ServerProcess } from '../../harness/server-process.ts';
import { setTimeout as sleep } from 'node:timers/promises';

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
  readonly why: readonly string[];
  readonly args?: readonly string[];
  readonly env?: () => Record<string, string>;
  readonly use: Use;
  /** Where the new release calls it otherwise. */
  readonly useAfter?: Use;
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
    ...{ from: '2025.11.25', to: '2026.1.26', why: ['Breaking'] },
    ...{ use: { tool: 'add', ...sum }, useAfter: { tool: 'get-sum', ...sum }, renames: { add: 'get-sum' } },
  },
  filesystem: {
    package: '@modelcontextprotocol/server-filesystem',
    ...{ from: '2026.7.10', to: '2026.8.31', why: [] },
    args: [place],
    use: { tool: 'read_text_file', input: { path: join(place, 'note.txt') }, says: /remember the milk/ },
  },
  memory: {
    package: '@modelcontextprotocol/server-memory',
    ...{ from: '2026.7.4', to: '2026.8.31', why: [] },
    env: () => ({ MEMORY_FILE_PATH: join(place, 'memory.json') }),
    use: { tool: 'create_entities', input: { entities: [{ name: 'Ada', entityType: 'person', observations: [] }] }, says: /entities/ },
  },
  sequential: {
    package: '@modelcontextprotocol/server-sequential-thinking',
    ...{ from: '2026.7.4', to: '2026.8.31', why: [] },
    use: {
      tool: 'sequentialthinking',
      input: { thought: 'first', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      says: /thoughtHistoryLength/,
    },
  },
  git: {
    package: '@cyanheads/git-mcp-server',
    ...{ from: '2.15.1', to: '2.15.3', why: [] },
    use: { tool: 'git_init', input: { path: join(place, 'repository') }, says: /success/ },
  },
  context7: {
    package: '@upstash/context7-mcp',
    ...{ from: '4.1.0', to: '4.1.1', why: [] },
    env: () => ({ CONTEXT7_API_URL: `http://127.0.0.1:${(library.address() as AddressInfo).port}` }),
    use: { tool: 'resolve-library-id', input: { query: 'what happened', libraryName: 'annals' }, says: /\/annals\/docs/ },
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
afterAll(async () => {library.close(); console.log(new Date().toISOString()); console.log(await annals.kill('SIGTERM')); console.log(new Date().toISOString());
const { rmSync } = await import('node:fs'); rmSync(data, {recursive: true}); console.log(new Date().toISOString()); });

const ask = async (method: string, path: string, body?: unknown) => {
  const { status, json } = await call(annals.url, method, path, body);
  expect(status, `${method} ${path}: ${JSON.stringify(json)}`).toBeLessThan(300);
  return json;
};
const serverOf = (id: string) => ask('GET', `/api/mcp/servers/${id}`);
const updatesOf = (id: string) => ask('GET', `/api/mcp/servers/${id}/updates`);

/** The tool is called in a chat, once its person has allowed it. */
async function used(slug: string, { tool, input, says }: Use): Promise<void> {
  await until(async () => (await ask('GET', '/api/mcp/tools')).tools.some(({ name }: { name: string }) => name === `${slug}__${tool}`));
  const { conversationId, runId } = await chat(annals.url, `/call ${slug}__${tool} ${JSON.stringify(input)}`);
  const approvalOf = async () => (await ask('GET', '/api/approvals')).approvals.find((each: { runId: string }) => each.runId === runId);
  await until(async () => (await approvalOf()) !== undefined);
  const approval = await approvalOf();
  expect(approval).toMatchObject({ tool, input });
  await ask('POST', `/api/runs/${runId}/approvals/${approval.approvalId}`, { approved: true });
  const part = async () => {
    const { messages } = await ask('GET', `/api/conversations/${conversationId}/messages`);
    return messages.flatMap(({ parts }: { parts: { type: string }[] }) => parts).find(({ type }: { type: string }) => type === 'tool');
  };
  await until(async () => ['output-available', 'output-error'].includes((await part()).state));
  expect(JSON.stringify(await part())).toMatch(says);
}

const until = async (holds: () => Promise<boolean>, _?: number) => { while (!(await holds())) await sleep(150); };
const t0 = performance.now(); console.log(new Date().toISOString());
const log = (s: string) => process.env.TIMES && console.log(`${((performance.now() - t0) / 1000).toFixed(1)} ${s}`);
test.skipIf(!known.ok).concurrent.each(Object.entries(servers))('%s', async (slug, { package: name, from, to, why, args = [], env, use, useAfter = use, renames = {} }) => {
  const address = { command: 'npx', args: ['-y', `${name}@${from}`, ...args] };
  const { serverId } = await ask('POST', '/api/mcp/servers', { owner: 'organisation', slug, transport: 'stdio', address, env: env?.() ?? {} });
  const statuses = new Set<string>();
  await until(async () => {
    const { status } = await serverOf(serverId);
    statuses.add(`${status?.state} ${status?.reason ?? ''}`);
    return status?.state === 'ready';
  }, 120_000);
  log(`${slug} ready ${[...statuses]}`);
  expect((await serverOf(serverId)).status).toMatchObject({ release: from });
  await used(slug, use);
  log(`${slug} used`);
  await ask('POST', `/api/mcp/servers/${serverId}/releases`);
  await until(async () => (await updatesOf(serverId)).versions.includes(to), 60_000);
  log(`${slug} looked`);
  const { updateId } = await ask('POST', `/api/mcp/servers/${serverId}/updates`, { version: to, swap: 'compatible' });
  const settled = async () => ['waiting', 'kept', 'failed', 'rolledBack'].includes((await updatesOf(serverId)).update.status);
  await until(settled, 120_000);
  const { update } = await updatesOf(serverId);
  log(`${slug} update ${update.status} ${update.class} ${update.why} ${update.reason} ${update.report?.changes.slice(0,5).map((c) => JSON.stringify(c))}`);
  if (update.status === 'waiting')
  await ask('POST', `/api/mcp/servers/${serverId}/updates/${updateId}/approve`, { contractHash: update.afterHash, renames });
  await until(async () => (await updatesOf(serverId)).update.status === 'kept', 60_000);
  await used(slug, useAfter);
  log(`${slug} used after`);
  expect((await serverOf(serverId)).status).toMatchObject({ release: to });
  await ask('POST', `/api/mcp/servers/${serverId}/roll-back`);
  await used(slug, use);
  log(`${slug} rolled back`);
  expect((await serverOf(serverId)).status).toMatchObject({ release: from });
  expect((await updatesOf(serverId))).toMatchObject({ running: from, update: { status: 'rolledBack' } });
});
