import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { createKafkaBroker } from '../../src/adapters/broker/kafka.ts';
import type { Broker } from '../../src/adapters/broker/port.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import type { ConversationId, MessageId, RunId } from '../../src/domain/ids.ts';
import { RunEnded, StepCompleted } from '../../src/domain/run/events.ts';
import { createGateway } from '../../src/workers/gateway/index.ts';
import { resetGateway } from '../../src/workers/gateway/place.ts';
import { channelsOf } from '../../src/workers/gateway/topics.ts';
import { until } from '../harness/until.ts';
import { startKafkaServer } from '../servers/kafka/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { firstTimes, stored, upTo } from '../workers/gateway-log.ts';
import { readTopics } from './broker-reader.ts';

const program = fileURLToPath(new URL('../../examples/analytics/main.ts', import.meta.url));
const secret = Buffer.from('a secret that serves nothing else');
const models = ['gpt-4o', 'claude-sonnet', 'demo/demo'] as const;
const days = ['2026-01-30', '2026-01-31', '2026-02-01'] as const;
const STEPS = 3;

/** A run of three steps and an end, each with usage. */
async function answer(store: EventStore, n: number): Promise<void> {
  const of = { conversationId: 'thread_1' as ConversationId, runId: `run_${n}` as RunId, messageId: `msg_${n}` as MessageId };
  const model = models[n % models.length] ?? '';
  const time = `${days[n % 7 < 3 ? 0 : n % 7 < 5 ? 1 : 2]}T23:59:59.999Z`;
  const usage = { inputTokens: n, outputTokens: 1 };
  const events = Array.from({ length: STEPS }, (_, step) => StepCompleted({ ...of, step, model, usage, calls: [], parts: [] }));
  const end = RunEnded({ ...of, outcome: 'completed', finishReason: 'stop', model, usage, parts: [] });
  const appended = await store.append(
    `run-run_${n}`,
    [...events, end].map((event) => stored(event, time)),
    'noStream',
  );
  if (!appended.ok) throw new Error(appended.code);
}

interface Total {
  day: string;
  model: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

function expected(runs: number): Total[] {
  const totals = new Map<string, Total>();
  for (let n = 0; n < runs; n++) {
    const model = models[n % models.length] ?? '';
    const day = days[n % 7 < 3 ? 0 : n % 7 < 5 ? 1 : 2];
    const total = totals.get(`${day} ${model}`) ?? { day, model, calls: 0, inputTokens: 0, outputTokens: 0 };
    total.calls += STEPS + 1;
    total.inputTokens += n * (STEPS + 1);
    total.outputTokens += STEPS + 1;
    totals.set(`${day} ${model}`, total);
  }
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}

/** The example as a person would start it. */
function analytics(brokers: string, data: string, ...more: readonly string[]): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];
  return spawn(process.execPath, [...flags, program, '--brokers', brokers, '--data', data, '--json', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function figures(brokers: string, data: string): Promise<unknown> {
  const reader = analytics(brokers, data, '--prefix', 'a.', '--once');
  let said = '';
  reader.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(reader, 'close');
  expect(code).toBe(0);
  return JSON.parse(said);
}

describe('the gateway and the analytics example over restarts of the broker', () => {
  let started: Awaited<ReturnType<typeof startKafkaServer>>;
  beforeAll(async () => {
    started = await startKafkaServer();
  });
  afterAll(async () => {
    if (!('unavailable' in started)) await started.close();
  });

  /** A server of our own, since it is to be killed; the test is skipped where there can be none. */
  async function opened(
    { skip, onTestFinished }: TestContext,
    requestTimeoutMs?: number,
  ): Promise<{ server: TestServer; broker: Broker; folder: string }> {
    if ('unavailable' in started) return skip(started.unavailable);
    const broker = createKafkaBroker({
      brokers: [started.url],
      log: () => undefined,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    });
    const folder = await mkdtemp(join(tmpdir(), 'annals-analytics-'));
    onTestFinished(async () => {
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    });
    return { server: started, broker, folder };
  }

  test('a broker that is killed under load costs nothing, and the figures are right after a backfill and a reader that was killed', async (context) => {
    const { server, broker, folder } = await opened(context);
    const given = { store: createMemoryEventStore(), state: createMemoryDocumentStore(), broker, secret, prefix: 'a.' };
    const gateway = createGateway(given);
    const stopping = new AbortController();
    const ended = gateway.run(stopping.signal);
    const data = join(folder, 'analytics.db');
    let runs = 0;
    const load = async (more: number): Promise<void> => {
      for (const last = runs + more; runs < last; runs++) await answer(given.store, runs);
    };
    const allPublished = async (): Promise<boolean> => gateway.status().position === (await given.store.head());
    await load(500);
    await until(() => gateway.status().published > 0);
    const reader = analytics(server.url, data, '--prefix', 'a.');
    await once(reader.stdout ?? reader, 'data');

    const loading = load(500);
    await server.signal('SIGKILL');
    await loading;
    await until(() => gateway.status().problem !== undefined);
    expect(gateway.status().lagMs).toBeGreaterThan(0);
    await server.restart();
    await until(allPublished);
    const closed = once(reader, 'close');
    reader.kill('SIGKILL');
    await closed;
    await resetGateway(given, 'start');
    const before = gateway.status().published;
    await until(async () => gateway.status().published > before && (await allPublished()));
    stopping.abort();
    expect(await ended).toBe('stopped');

    const messages = await readTopics(
      channelsOf('a.').map(({ topic }) => topic),
      [server.url],
    );
    expect(messages.length).toBeGreaterThanOrEqual(2 * runs * (STEPS + 1));
    const first = firstTimes(messages);
    expect(first.size).toBe(runs);
    expect([...first.values()].filter((revisions) => `${revisions}` !== `${upTo(STEPS + 1)}`)).toEqual([]);
    for (const file of [data, join(folder, 'fresh.db')]) expect(await figures(server.url, file)).toEqual(expected(runs));
  }, 300_000);

  test('a broker that hangs is given up, and taken up again when it answers', async (context) => {
    const { server, broker } = await opened(context, 1000);
    const given = { store: createMemoryEventStore(), state: createMemoryDocumentStore(), broker, secret, prefix: 'b.' };
    const gateway = createGateway(given);
    const stopping = new AbortController();
    const ended = gateway.run(stopping.signal);
    for (const n of upTo(20)) await answer(given.store, n);
    await until(async () => gateway.status().position === (await given.store.head()));
    await server.signal('SIGSTOP');
    for (const n of upTo(20)) await answer(given.store, 20 + n);
    await until(() => broker.problem() !== undefined);
    await server.signal('SIGCONT');
    await until(async () => gateway.status().position === (await given.store.head()));
    stopping.abort();
    await ended;
    const first = firstTimes(await readTopics(['b.run'], [server.url]));
    expect([...first.values()]).toEqual(upTo(40).map(() => upTo(STEPS + 1)));
  });
});
