import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest';
import { createMongoLeases } from '../../src/adapters/leases/mongodb.ts';
import { call } from '../e2e/process/processes.ts';
import type { Node } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { type Nodes, startNodes } from './nodes.ts';
import { describeWith } from './servers.ts';

interface Run {
  readonly conversationId: string;
  readonly runId: string;
}
interface Called {
  readonly name: string;
  readonly line: string;
  readonly pid: number;
  /** The worker that has the connection. */
  readonly parent: number;
}

describeWith(['MONGODB_URL'], 'tool servers on several nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'annals-notebook-'));
  let nodes: Nodes;
  let serverId: string;

  beforeAll(async () => {
    nodes = await startNodes(['api', 'api', 'workers', 'workers']);
    const args = [fileURLToPath(new URL('../harness/notebook-server.js', import.meta.url)), folder];
    const body = { owner: 'organisation', slug: 'notebook', transport: 'stdio', address: { command: process.execPath, args } };
    const registered = await call(nodes.api(0), 'POST', '/api/mcp/servers', body);
    expect(registered.status, JSON.stringify(registered.json)).toBe(201);
    serverId = registered.json.serverId;
    // Where the node does not know the server yet, there is no contract in its answer either.
    await until(async () => (await server()).contract?.tools === 3);
  });
  beforeEach(async () => {
    rmSync(join(folder, 'hold'), { force: true });
    await nodes.twoWorkers();
  });
  afterAll(async () => {
    await nodes?.close();
    rmSync(folder, { recursive: true });
  });

  const calls = (line: string): Called[] => {
    try {
      const all = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
      return all.map((text): Called => JSON.parse(text)).filter((each) => each.line === line);
    } catch {
      return [];
    }
  };
  const server = async () => (await call(nodes.api(1), 'GET', `/api/mcp/servers/${serverId}`)).json;
  /** Asked through the first node. */
  const ask = async (tool: string, line: string): Promise<Run> => {
    const { conversationId } = (await call(nodes.api(0), 'POST', '/api/conversations', {})).json;
    const parts = [{ type: 'text', text: `/pace 100\n/call notebook__${tool} ${JSON.stringify({ line })}` }];
    const sent = await call(nodes.api(0), 'POST', `/api/conversations/${conversationId}/messages`, { parts, reply: true });
    expect(sent.status, JSON.stringify(sent.json)).toBe(201);
    const { runId } = sent.json;
    onTestFailed(async () => {
      process.stderr.write(`${tool} ${line}: ${await typesOf(runId)}; ${JSON.stringify(await shown({ conversationId, runId }))}\n`);
      for (const { role, process: own, output } of nodes.cluster.nodes) process.stderr.write(`${role} ${own.pid}: ${output().slice(-3000)}\n`);
    });
    return { conversationId, runId };
  };
  const typesOf = async (runId: string): Promise<string[]> => {
    const types: string[] = [];
    for await (const { type } of nodes.store.read(`run-${runId}`)) types.push(type);
    return types;
  };
  const ended = (runId: string): Promise<void> => until(async () => (await typesOf(runId)).includes('RunEnded'));
  const ends = async (runId: string): Promise<number> => (await typesOf(runId)).filter((type) => type === 'ToolCallEnded').length;
  /** What the second node shows of the call. */
  const shown = async ({ conversationId }: Run): Promise<{ state: string; errorText?: string } | undefined> => {
    const { messages = [] } = (await call(nodes.api(1), 'GET', `/api/conversations/${conversationId}/messages`)).json;
    return messages.flatMap(({ parts }: { parts: { type: string }[] }) => parts).find(({ type }: { type: string }) => type === 'tool');
  };
  const endsAs = async (run: Run, state: 'output-available' | 'output-error'): Promise<void> => {
    await until(async () => (await shown(run))?.state.startsWith('output-') ?? false);
    expect(await shown(run)).toMatchObject({ state });
  };
  const approvalOf = async ({ runId }: Run): Promise<string> => {
    const find = async () => (await call(nodes.api(1), 'GET', '/api/approvals')).json.approvals.find((each: Run) => each.runId === runId);
    await until(async () => (await find()) !== undefined);
    return (await find()).approvalId;
  };
  const allow = (api: 0 | 1, { runId }: Run, approvalId: string) =>
    call(nodes.api(api), 'POST', `/api/runs/${runId}/approvals/${approvalId}`, { approved: true });
  const allowAlways = (tool: string) => call(nodes.api(1), 'PUT', '/api/mcp/policies', { serverId, tool, policy: 'allow' });

  test('one is registered through one node, and its state and tools are seen through the other', async () => {
    // Whichever came before may have killed the worker that was connected.
    await until(async () => {
      const { status, contract } = await server();
      return status?.state === 'ready' && status.tools === 3 && contract?.tools === 3;
    });
    expect(await server()).toMatchObject({ contract: { era: 'modern' }, status: { serverName: 'notebook' } });
    let read: { tools: { name: string }[]; late: string[] } | undefined;
    await until(async () => {
      read = (await call(nodes.api(1), 'GET', '/api/mcp/tools?force_refresh=true')).json;
      return read?.late.length === 0;
    });
    const tools = read?.tools ?? [];
    const named = tools.map(({ name }) => name).filter((name) => name.startsWith('notebook__'));
    expect(named.toSorted()).toEqual(['notebook__note', 'notebook__note_again', 'notebook__note_slowly']);
  });

  test('what is asked through one is seen and answered through the other, by several at once, and is done once', async () => {
    const run = await ask('note', 'once');
    const approvalId = await approvalOf(run);
    expect(calls('once')).toEqual([]);
    const answers = await Promise.all([allow(1, run, approvalId), allow(0, run, approvalId), allow(1, run, approvalId)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await ended(run.runId);
    await endsAs(run, 'output-available');
    expect(calls('once')).toHaveLength(1);
    // The connection is a worker’s.
    expect(nodes.workers().map(({ process: { pid } }) => pid)).toContain(calls('once')[0]?.parent);
  });

  test('the worker that asked is killed before the answer: another does it, once', async () => {
    const run = await ask('note', 'after the kill');
    const claims = createMongoLeases(nodes.connection);
    const asking = async (): Promise<Node | undefined> => {
      const [claim] = await claims.list(`run/${run.runId}/`);
      return nodes.workers().find(({ process: { pid } }) => claim?.holder.split(':')[1] === String(pid));
    };
    let worker: Node | undefined;
    await until(async () => {
      worker = await asking();
      return worker !== undefined;
    });
    const approvalId = await approvalOf(run);
    await worker?.kill('SIGKILL');
    expect(await allow(1, run, approvalId)).toMatchObject({ status: 200 });
    await ended(run.runId);
    await endsAs(run, 'output-available');
    const [only, ...more] = calls('after the kill');
    expect(more).toEqual([]);
    expect(only?.parent).not.toBe(worker?.process.pid);
  });

  test('workers are killed in the midst of calls: the outcome is unknown, and only what says that twice does no harm is done again', async () => {
    const said = await Promise.all([allowAlways('note_slowly'), allowAlways('note_again')]);
    expect(said.map(({ status }) => status)).toEqual([200, 200]);
    writeFileSync(join(folder, 'hold'), '');
    const [once, twice] = await Promise.all([ask('note_slowly', 'unknown'), ask('note_again', 'repeated')]);
    await until(() => calls('unknown').length === 1 && calls('repeated').length === 1);
    const begun = [...calls('unknown'), ...calls('repeated')];
    const killed = nodes.workers().filter(({ process: { pid } }) => begun.some(({ parent }) => parent === pid));
    await Promise.all(killed.map((worker) => worker.kill('SIGKILL')));
    rmSync(join(folder, 'hold'));
    // What they had started ends with them.
    await until(() => begun.every(({ pid }) => !isAlive(pid)));
    if (nodes.workers().length === 0) await nodes.cluster.start('workers');
    await Promise.all([ended(once.runId), ended(twice.runId)]);
    await endsAs(once, 'output-error');
    expect((await shown(once))?.errorText).toContain('unknown');
    await endsAs(twice, 'output-available');
    expect(calls('unknown')).toHaveLength(1);
    expect(calls('repeated')).toHaveLength(2);
    expect([await ends(once.runId), await ends(twice.runId)]).toEqual([1, 1]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
