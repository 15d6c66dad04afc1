import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMongoLeases } from '../../src/adapters/leases/mongodb.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { call } from '../e2e/process/processes.ts';
import type { Node } from '../harness/cluster.ts';
import { type PlayedRegistry, playedProgram, startRegistry } from '../harness/played-registry.ts';
import { until } from '../harness/until.ts';
import { type Nodes, startNodes } from './nodes.ts';
import { describeWith } from './servers.ts';

const NAME = '@annals-test/which';

describeWith(['MONGODB_URL'], 'updates of tool servers on several nodes', () => {
  let registry: PlayedRegistry;
  let nodes: Nodes;
  let serverId: string;
  let of: string;

  beforeAll(async () => {
    registry = await startRegistry(NAME, {
      '1.0.0': { program: playedProgram('1.0.0') },
      '1.1.0': { program: playedProgram('1.1.0', { tools: ['which', 'more'] }) },
      '2.0.0': { program: playedProgram('2.0.0', { tools: ['which', 'more'] }) },
    });
    nodes = await startNodes(['api', 'api', 'workers', 'workers'], { ANNALS_MCP_WATCH: '0', ...registry.environment });
    // Registered through the first node, and its versions looked up; seen through the second.
    const body = { owner: 'organisation', slug: 'which', transport: 'stdio', address: { command: 'npx', args: ['-y', `${NAME}@1.0.0`] } };
    serverId = (await ask(0, 'POST', '/api/mcp/servers', body)).serverId;
    of = `/api/mcp/servers/${serverId}`;
    await until(async () => {
      const server = await seen(of);
      return server?.status?.release === '1.0.0' && server.contract !== null;
    });
    await ask(0, 'POST', `${of}/releases`);
    await until(async () => (await seen(`${of}/updates`))?.versions.length === 3);
  });
  beforeEach(() => nodes.twoWorkers());
  afterAll(async () => {
    await nodes?.close();
    await registry?.close();
  });

  const ask = async (api: 0 | 1, method: string, path: string, body?: unknown) => {
    const { status, json } = await call(nodes.api(api), method, path, body);
    expect(status, `${method} ${path}: ${JSON.stringify(json)}`).toBeLessThan(300);
    return json;
  };
  /** A view that is being built on is looked at again. */
  const seen = async (path: string) => {
    const { status, json } = await call(nodes.api(1), 'GET', path);
    return status === 200 ? json : undefined;
  };
  const hasStatus = (status: string): Promise<void> => until(async () => (await seen(`${of}/updates`))?.update?.status === status);
  /** Asked through the first node, allowed through the second: which version answers, and whose child it is. */
  const whichAnswers = async (): Promise<{ version: string; parent: number }> => {
    const { conversationId } = await ask(0, 'POST', '/api/conversations', {});
    const parts = [{ type: 'text', text: '/call which__which {}' }];
    const { runId } = await ask(0, 'POST', `/api/conversations/${conversationId}/messages`, { parts, reply: true });
    const approval = async () => (await ask(1, 'GET', '/api/approvals')).approvals.find((each: { runId: string }) => each.runId === runId);
    await until(async () => (await approval()) !== undefined);
    await ask(1, 'POST', `/api/runs/${runId}/approvals/${(await approval()).approvalId}`, { approved: true });
    const part = async () => {
      const { messages } = await ask(1, 'GET', `/api/conversations/${conversationId}/messages`);
      return messages.flatMap(({ parts: all }: { parts: { type: string }[] }) => all).find(({ type }: { type: string }) => type === 'tool');
    };
    await until(async () => ['output-available', 'output-error'].includes((await part()).state));
    const { output, errorText } = await part();
    expect(errorText).toBeUndefined();
    return JSON.parse(output.content[0].text);
  };
  const rolledBack = async (): Promise<void> => {
    await ask(1, 'POST', `${of}/roll-back`);
    await until(async () => (await ask(0, 'GET', `${of}/updates`)).running === '1.0.0');
    expect((await whichAnswers()).version).toBe('1.0.0');
    expect((await ask(0, 'GET', `${of}/updates`)).update.status).toBe('rolledBack');
  };

  test('one is asked for through one node, made by a worker, seen and taken through the other, and rolled back', async () => {
    const pids = () => nodes.workers().map(({ process: { pid } }) => pid);
    const before = await whichAnswers();
    expect(before.version).toBe('1.0.0');
    expect(pids()).toContain(before.parent);
    const { updateId } = await ask(0, 'POST', `${of}/updates`, { version: '1.1.0' });
    await hasStatus('waiting');
    const { update } = await ask(1, 'GET', `${of}/updates`);
    expect(update).toMatchObject({ class: 'compatible', why: ['Asked'] });
    await ask(1, 'POST', `${of}/updates/${updateId}/approve`, { contractHash: update.afterHash });
    await hasStatus('kept');
    const after = await whichAnswers();
    expect(after.version).toBe('1.1.0');
    expect(pids()).toContain(after.parent);
    await rolledBack();
  });

  /** The newest update, from its request on. */
  const update = async (): Promise<RecordedEvent[]> => {
    const all: RecordedEvent[] = [];
    for await (const event of nodes.store.read(`mcpreleases-${serverId}`)) all.push(event);
    return all.slice(all.findLastIndex(({ type }) => type === 'McpUpdateRequested'));
  };
  /** The worker that has taken it up. */
  const worker = async (): Promise<Node | undefined> => {
    const [claim] = await createMongoLeases(nodes.connection).list(`run/job_${(await update())[0]?.id}/`);
    return nodes.workers().find(({ process: { pid } }) => claim?.holder.split(':')[1] === String(pid));
  };

  test('the worker that installs one is killed: another goes on, and it is taken once', async () => {
    const release = registry.hold('2.0.0');
    await ask(0, 'POST', `${of}/updates`, { version: '2.0.0', swap: 'compatible' });
    await until(() => registry.fetches('2.0.0') > 0);
    const killed = await worker();
    await killed?.kill('SIGKILL');
    expect(killed).toBeDefined();
    release();
    await hasStatus('kept');
    expect((await whichAnswers()).version).toBe('2.0.0');
    const each = ['Requested', 'Compared', 'Tried', 'Ended'].map((step) => `McpUpdate${step}`);
    const types = (await update()).map(({ type }) => type).filter((type) => each.includes(type));
    expect(types).toEqual(each);
    await rolledBack();
  });
});
