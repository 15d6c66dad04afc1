import { describe, expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import type { LiveLog } from '../../src/adapters/live-log/port.ts';
import type { Models } from '../../src/adapters/model-provider/port.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { viewsOf } from '../../src/projections/ask.ts';
import { createHub } from '../../src/projections/hub.ts';
import { allDuties } from '../../src/workers/duties.ts';
import { createReplies } from '../../src/workers/reply/index.ts';
import type { ServerTool } from '../../src/workers/tools.ts';
import { askFor, endOf, eventsOf, runOf, settled, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { type Disk, newDisk, person, readRun, textOf } from '../harness/memory-annals.ts';
import { called, type PlayedModel, playedModel, said, saysThenHangs, usage } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');

/** A worker for answers alone, with one tool. */
const workerWith = async (disk: Disk, tool: ServerTool, played: PlayedModel) => {
  const models: Models = {
    list: async () => [],
    listWith: async () => [],
    defaultModel: async () => 'demo/demo',
    stream: (model, request) => played.provider.stream({ ...request, model }),
  };
  const { kernel } = await start({ disk, workers: false });
  await kernel.progress.waitFor(['runs'], await disk.store.head(), { timeoutMs: 20_000 });
  const made = createReplies({
    ...disk,
    tell: kernel.tell,
    duties: allDuties,
    loader: kernel.loader,
    sealer: createSealer(disk),
    views: viewsOf(disk.documents),
    hub: createHub(disk.store),
    models,
    callModel: (_caller, ...call) => models.stream(...call),
    principalOf: async () => ada,
    now: () => new Date(),
    approvalMs: 60_000,
    tools: { tools: async () => [tool] },
  });
  return { kernel, made, played };
};

describe('two workers on one log', () => {
  test('open one run once, and the provider is asked once', async () => {
    const { played, options } = withModel(() => said('Hi'));
    const disk = await newDisk();
    const [one, other] = [
      await start({ ...options, disk }),
      await start({ ...options, disk: { ...disk, documents: createMemoryDocumentStore(), state: createMemoryDocumentStore() } }),
    ];
    for (let round = 0; round < 5; round++) {
      const asked = await askFor(one.kernel, ada, 'Hello');
      expect(await settled(other.kernel, asked)).toBe('completed');
      expect((await endOf(disk, asked.runId)).usages).toEqual([usage]);
    }
    expect(played.calls).toHaveLength(5);
  });

  test('resume an answered run once', async () => {
    const { played, options } = withModel((_request, call) =>
      call === 1 ? called({ id: 'a', name: 'postcard' }, { id: 'b', name: 'postcard' }) : said('Done'),
    );
    const disk = await newDisk();
    const [one, other] = [
      await start({ ...options, disk }),
      await start({ ...options, disk: { ...disk, documents: createMemoryDocumentStore(), state: createMemoryDocumentStore() } }),
    ];
    const asked = await askFor(one.kernel, ada, 'Hello');
    await until(async () => (await runOf(one.kernel, asked.runId)).status === 'waiting');
    const approvals = [...(await runOf(one.kernel, asked.runId)).calls.values()].map(({ approvalId = '' }) => approvalId);
    const { conversationId, runId, messageId } = asked;
    await Promise.all(
      approvals.map((approvalId, index) =>
        (index ? one : other).kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId, approved: true })),
      ),
    );
    expect(await settled(one.kernel, asked)).toBe('completed');
    const types = await typesOf(disk, runStream(runId));
    expect(types.filter((type) => type === 'RunResumed')).toHaveLength(1);
    expect(types.filter((type) => type === 'ToolCallStarted')).toHaveLength(2);
    expect(played.calls).toHaveLength(2);
  });

  test('a worker that wakes up after a takeover writes nothing', async () => {
    const disk = await newDisk();
    const { promise: wake, resolve: wakeUp } = Promise.withResolvers<void>();
    let finished = false;
    /** Does not even hear the signal. */
    const deaf: Models = {
      list: async () => [],
      listWith: async () => [],
      defaultModel: async () => 'demo/demo',
      async *stream(_model, { system }) {
        if (!system?.startsWith('Write a title')) await wake;
        yield* said('Wrong');
        finished = true;
      },
    };
    const zombie = await start({ disk, models: deaf });
    const asked = await askFor(zombie.kernel, ada, 'Hello');
    await until(async () => (await runOf(zombie.kernel, asked.runId)).status === 'streaming');
    const { options } = withModel(() => said('Right'));
    const { kernel } = await start({ ...options, disk: { ...disk, documents: createMemoryDocumentStore(), state: createMemoryDocumentStore() } });
    expect(await settled(kernel, asked)).toBe('completed');
    const before = await typesOf(disk, runStream(asked.runId));
    wakeUp();
    await until(() => finished);
    await zombie.stop();
    expect(await typesOf(disk, runStream(asked.runId))).toEqual(before);
    expect((await endOf(disk, asked.runId)).text).toBe('Right');
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Right');
  });
});

test('a request delivered again is not answered again', async () => {
  const { played, options } = withModel(() => said('Hi'));
  const first = await start(options);
  const asked = await Promise.all([askFor(first.kernel, ada, 'One'), askFor(first.kernel, ada, 'Two')]);
  for (const each of asked) await settled(first.kernel, each);
  await first.stop();
  const { kernel, disk } = await start({ ...options, disk: { ...first.disk, state: createMemoryDocumentStore() } });
  const head = await disk.store.head();
  await until(() => kernel.reactions().every(({ position, inFlight }) => inFlight === 0 && position >= head));
  expect(played.calls).toHaveLength(2);
  for (const { runId } of asked) expect(await endOf(disk, runId)).toMatchObject({ outcome: 'completed', text: 'Hi' });
});

describe('a live log that fails', () => {
  const failingFrom = (liveLog: LiveLog, first: number): LiveLog => {
    let count = 0;
    return { ...liveLog, append: (entry) => (count++ >= first ? Promise.reject(new Error('the disk is full')) : liveLog.append(entry)) };
  };

  test.each([0, 1, 2])('after %i entries loses nothing of an answer', async (first) => {
    const { options } = withModel(() => said('a'.repeat(1100), 'b'.repeat(1100), 'c'));
    const disk = await newDisk();
    const { kernel } = await start({ ...options, disk: { ...disk, liveLog: failingFrom(disk.liveLog, first) } });
    const asked = await askFor(kernel, ada, 'Hello');
    const items = await readRun(kernel, ada, asked.conversationId, asked.runId);
    expect(textOf(items)).toBe(`${'a'.repeat(1100)}${'b'.repeat(1100)}c`);
    expect(await settled(kernel, asked)).toBe('completed');
  });

  test.each([0, 1, 2])('after %i entries does not end a run that waits', async (first) => {
    const { options } = withModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'postcard' }) : said('Done')));
    const disk = await newDisk();
    const { kernel } = await start({ ...options, disk: { ...disk, liveLog: failingFrom(disk.liveLog, first) } });
    const { conversationId, runId, messageId } = await askFor(kernel, ada, 'Hello');
    const items = await readRun(kernel, ada, conversationId, runId);
    expect(items.at(-1)).toEqual({ type: 'waiting' });
    const shown = items.flatMap((item) => (item.type === 'tool' ? [item.part] : []));
    const approvalId = shown.at(-1)?.approval?.id ?? '';
    expect(await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId, approved: true }))).toMatchObject({ ok: true });
    expect(await settled(kernel, { conversationId, runId })).toBe('completed');
  });
});

describe('a server that is told to stop', () => {
  test('ends a streaming run as interrupted, with its text', async () => {
    const { options } = withModel((request) => saysThenHangs(request, 'Half'));
    const { kernel, disk, stop } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    await stop();
    expect(await endOf(disk, asked.runId)).toMatchObject({
      outcome: 'interrupted',
      text: 'Half',
      error: { code: 'Interrupted' },
      usages: [expect.objectContaining({ estimated: true })],
    });
    expect(await settled(kernel, asked)).toBe('interrupted');
  });

  test('leaves a waiting run as it is', async () => {
    const { options } = withModel(() => called({ id: 'call_1', name: 'postcard' }));
    const { kernel, disk, stop } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
    await stop();
    expect(await typesOf(disk, runStream(asked.runId))).not.toContain('RunEnded');
  });
});

describe('a tool call found without an end', () => {
  const tool = (idempotent: boolean, execute: ServerTool['execute']): ServerTool => ({
    name: 'bell',
    description: 'Rings.',
    parameters: {},
    needsApproval: false,
    idempotent,
    execute,
  });
  test.each([
    ['is made again when it is idempotent', true, 'output', 2],
    ['is of unknown outcome otherwise, and not made again', false, 'unknown', 1],
  ] as const)('%s', async (_name, idempotent, result, rings) => {
    const disk = await newDisk();
    let rung = 0;
    const dead = await workerWith(
      disk,
      tool(idempotent, () => new Promise(() => rung++)),
      playedModel(() => called({ id: 'call_1', name: 'bell' })),
    );
    const asked = await askFor(dead.kernel, ada, 'Ring');
    const [, request] = (await eventsOf(disk, `conversation-${asked.conversationId}`)).slice(1);
    if (!request) throw new Error('no request');
    await dead.made.reactions.find(({ name }) => name === 'reply')?.handle(request, AbortSignal.timeout(20_000));
    await until(() => rung === 1);
    const next = await workerWith(
      disk,
      tool(idempotent, async () => ++rung),
      playedModel(() => said('Rung')),
    );
    expect(await next.made.takeOver()).toBe(1);
    expect(await settled(next.kernel, asked)).toBe('completed');
    const ends = (await eventsOf(disk, runStream(asked.runId))).filter(({ type }) => type === 'ToolCallEnded');
    expect(ends.map(({ data }) => data.result)).toEqual([result]);
    expect(rung).toBe(rings);
    expect([dead.played.calls.length, next.played.calls.length]).toEqual([1, 1]);
  });
});

test('an answer that is delivered again while its tool runs resumes nothing', async () => {
  const disk = await newDisk();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let rung = 0;
  const bell: ServerTool = {
    name: 'bell',
    description: 'Rings.',
    parameters: {},
    needsApproval: true,
    idempotent: false,
    execute: async () => {
      rung++;
      await gate;
      return 'rung';
    },
  };
  const played = playedModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'bell' }) : said('Rung')));
  const { kernel, made } = await workerWith(disk, bell, played);
  const asked = await askFor(kernel, ada, 'Ring');
  const request = (await eventsOf(disk, `conversation-${asked.conversationId}`)).find(({ type }) => type === 'ReplyRequested');
  if (!request) throw new Error('no request');
  const signal = AbortSignal.timeout(20_000);
  const [reply, goOn] = made.reactions;
  await reply?.handle(request, signal);
  await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
  const [call] = [...(await runOf(kernel, asked.runId)).calls.values()];
  const { conversationId, runId, messageId } = asked;
  await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId: call?.approvalId ?? '', approved: true }));
  const answer = (await eventsOf(disk, runStream(runId))).find(({ type }) => type === 'ApprovalAnswered');
  if (!answer) throw new Error('no answer');
  await goOn?.handle(answer, signal);
  await until(() => rung === 1);
  await goOn?.handle(answer, signal);
  open();
  expect(await settled(kernel, asked)).toBe('completed');
  expect((await typesOf(disk, runStream(runId))).filter((type) => type === 'RunResumed')).toHaveLength(1);
  expect([rung, played.calls.length]).toEqual([1, 2]);
});
