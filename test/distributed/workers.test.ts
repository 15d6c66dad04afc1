import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMongoLeases } from '../../src/adapters/leases/mongodb.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { call } from '../e2e/process/processes.ts';
import type { Node } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { type Nodes, startNodes } from './nodes.ts';
import { describeWith } from './servers.ts';

describeWith(['MONGODB_URL'], 'of two workers', () => {
  let nodes: Nodes;
  beforeAll(async () => {
    nodes = await startNodes(['api', 'workers', 'workers']);
  });
  beforeEach(() => nodes.twoWorkers());
  afterAll(() => nodes?.close());

  /** Asks for an answer, and finds out which worker gives it. */
  const ask = async (text: string): Promise<{ runId: string; conversationId: string; worker: Node }> => {
    const { conversationId } = (await call(nodes.api(), 'POST', '/api/conversations', {})).json;
    const { runId } = (
      await call(nodes.api(), 'POST', `/api/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text }], reply: true })
    ).json;
    const leases = createMongoLeases(nodes.connection);
    const worker = async (): Promise<Node | undefined> => {
      const [claim] = await leases.list(`run/${runId}/`);
      return nodes.cluster.nodes.find(({ process: { pid } }) => claim?.holder.split(':')[1] === String(pid));
    };
    await until(async () => (await worker()) !== undefined && (await typesOf(runId)).includes('RunStarted'));
    return { runId, conversationId, worker: (await worker()) as Node };
  };
  const eventsOf = async (runId: string): Promise<RecordedEvent[]> =>
    (async () => {
      const found: RecordedEvent[] = [];
      for await (const event of nodes.store.read(`run-${runId}`)) found.push(event);
      return found;
    })();
  const typesOf = async (runId: string): Promise<string[]> => (await eventsOf(runId)).map(({ type }) => type);
  const hasEnded = async (runId: string): Promise<boolean> => (await typesOf(runId)).includes('RunEnded');
  /** Resolves once somebody who follows the run has read some text. */
  const streamed = async (conversationId: string, runId: string): Promise<void> => {
    const { body } = await fetch(`${nodes.api()}/api/conversations/${conversationId}/runs/${runId}/stream`);
    let said = '';
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      said += chunk;
      if (said.includes('"type":"text"')) return;
    }
    throw new Error(`The stream ended without a text: ${said}`);
  };

  test('one is killed in the middle of an answer: the other ends it as interrupted, with what was said, and answers what comes next', async () => {
    const { runId, conversationId, worker } = await ask('/long 2000\n/pace 50\nkilled');
    await streamed(conversationId, runId);
    await worker.kill('SIGKILL');
    await until(() => hasEnded(runId));
    const [end] = (await eventsOf(runId)).filter(({ type }) => type === 'RunEnded');
    expect(end?.data).toMatchObject({ outcome: 'interrupted' });
    const next = await ask('/echo next');
    await until(() => hasEnded(next.runId));
    expect((await eventsOf(next.runId)).at(-1)?.data).toMatchObject({ outcome: 'completed' });
  });

  test('one is frozen past its lease and goes on: it writes nothing that the other has taken over', async () => {
    const { runId, conversationId, worker } = await ask('/long 400\n/pace 50\nfrozen');
    await streamed(conversationId, runId);
    worker.process.kill('SIGSTOP');
    await until(() => hasEnded(runId));
    const ended = await eventsOf(runId);
    worker.process.kill('SIGCONT');
    // What it was about to say is refused; then it takes part again.
    await until(async () => (await call(worker.url, 'GET', '/health/ready')).status === 200);
    const next = await Promise.all(Array.from({ length: 6 }, () => ask('/long 20\n/pace 10\nafterwards')));
    await until(async () => (await Promise.all(next.map((each) => hasEnded(each.runId)))).every(Boolean));
    expect(await typesOf(runId)).toEqual(ended.map(({ type }) => type));
    for (const each of next) expect((await typesOf(each.runId)).filter((type) => type === 'RunEnded')).toHaveLength(1);
  });

  test('one is told to stop: its answer comes to its end, and what comes meanwhile is answered by the other', async () => {
    const { runId, conversationId, worker } = await ask('/long 60\n/pace 50\ndrained');
    await streamed(conversationId, runId);
    const stopping = worker.kill('SIGTERM');
    const others = await Promise.all(Array.from({ length: 6 }, () => ask('/echo meanwhile')));
    for (const other of others) expect(other.worker.process.pid).not.toBe(worker.process.pid);
    expect(await stopping).toBe(0);
    expect((await eventsOf(runId)).at(-1)?.data).toMatchObject({ outcome: 'completed' });
    await until(async () => (await Promise.all(others.map((each) => hasEnded(each.runId)))).every(Boolean));
  });
});
