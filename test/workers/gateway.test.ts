import { expect, test } from 'vitest';
import { createMemoryBroker } from '../../src/adapters/broker/memory.ts';
import type { Broker, Published } from '../../src/adapters/broker/port.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import type { DocumentStore } from '../../src/adapters/document-store/port.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { createGateway, type Gateway, type GatewayEnd, type GatewayParts } from '../../src/workers/gateway/index.ts';
import { resetGateway } from '../../src/workers/gateway/place.ts';
import { shardsOf } from '../../src/workers/shard.ts';
import { until } from '../harness/until.ts';
import { firstTimes, sendMessages, stored, upTo } from './gateway-log.ts';

const secret = Buffer.from('a secret that serves nothing else');
const parts = () => ({ store: createMemoryEventStore(), state: createMemoryDocumentStore(), broker: createMemoryBroker(), secret });

interface Running extends Gateway {
  readonly ended: Promise<GatewayEnd>;
  stop(): Promise<GatewayEnd>;
}

function running(given: GatewayParts): Running {
  const gateway = createGateway(given);
  const stopping = new AbortController();
  const ended = gateway.run(stopping.signal);
  return {
    ...gateway,
    ended,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

const hasPublished = async (gateway: Gateway, given: GatewayParts): Promise<boolean> => gateway.status().position === (await given.store.head());

test('what happens is published, of each stream in order, and the lag is nothing then', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 700);
  const gateway = running(given);
  await Promise.all([sendMessages(given.store, 'b', 30), sendMessages(given.store, 'c', 30)]);
  await until(() => hasPublished(gateway, given));
  expect(gateway.status()).toMatchObject({ state: 'publishing', lagMs: 0, published: 760 });
  expect(await gateway.stop()).toBe('stopped');
  expect(given.broker.messages).toHaveLength(760);
  expect(Object.fromEntries(firstTimes(given.broker.messages))).toEqual({
    'conversation-thread_a': upTo(700),
    'conversation-thread_b': upTo(30),
    'conversation-thread_c': upTo(30),
  });
});

test('a stopped gateway goes on where it was', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 10);
  const first = running(given);
  await until(() => hasPublished(first, given));
  await first.stop();
  await sendMessages(given.store, 'a', 5);
  const second = running(given);
  await until(() => hasPublished(second, given));
  await second.stop();
  expect(given.broker.messages.map(({ headers }) => Number(headers.annals_revision))).toEqual(upTo(15));
});

test('a crash between the acknowledgement and the saving of the place repeats messages and loses none', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 10);
  const unsaved: DocumentStore = { ...given.state, commit: () => Promise.reject(new Error('the process is dead')) };
  const crashed = running({ ...given, state: unsaved });
  await until(() => given.broker.messages.length >= 10);
  await crashed.stop();
  await sendMessages(given.store, 'a', 5);
  const next = running(given);
  await until(() => hasPublished(next, given));
  await next.stop();
  expect(given.broker.messages.length).toBeGreaterThanOrEqual(25);
  expect(firstTimes(given.broker.messages).get('conversation-thread_a')).toEqual(upTo(15));
});

test('a broker that loses batches gets them again, and is told of as long as it does', async () => {
  const given = parts();
  const problems: string[] = [];
  let fails = true;
  const lost: Published = { ok: false, code: 'Lost', message: 'the wire was cut' };
  const broker: Broker = {
    ...given.broker,
    open: async (name, options) => {
      const publisher = await given.broker.open(name, options);
      return publisher && { ...publisher, publish: async (messages, signal) => (fails ? lost : publisher.publish(messages, signal)) };
    },
  };
  const now = new Date('2026-01-01T00:00:07.000Z');
  const gateway = running({ ...given, broker, now: () => now, onProblem: (problem) => problems.push(problem) });
  await sendMessages(given.store, 'a', 3);
  await until(() => gateway.status().problem !== undefined);
  expect(gateway.status()).toMatchObject({ lagMs: 7000, published: 0, problem: 'the wire was cut' });
  fails = false;
  await until(() => hasPublished(gateway, given));
  const { problem, lagMs } = gateway.status();
  expect({ problem, lagMs, problems }).toEqual({ problem: undefined, lagMs: 0, problems: ['the wire was cut'] });
  await gateway.stop();
  expect(firstTimes(given.broker.messages).get('conversation-thread_a')).toEqual(upTo(3));
});

test('a place that was set by hand counts for the gateway that runs and for one that does not yet', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 6);
  const gateway = running(given);
  await until(() => hasPublished(gateway, given));
  await resetGateway(given, 'start');
  await until(() => given.broker.messages.length === 12);
  await gateway.stop();
  let third = '';
  for await (const { position } of given.store.read('conversation-thread_a', { from: 2n, max: 1 })) third = position;
  await resetGateway(given, third);
  const next = running(given);
  await until(() => given.broker.messages.length === 15);
  await next.stop();
  expect(given.broker.messages.map(({ headers }) => Number(headers.annals_revision))).toEqual([...upTo(6), ...upTo(6), 3, 4, 5]);
});

test('the place of another log counts as none', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 4);
  const first = running(given);
  await until(() => hasPublished(first, given));
  await first.stop();
  const restored = { ...given, store: createMemoryEventStore({ epoch: await given.store.epoch() }) };
  await sendMessages(restored.store, 'b', 4);
  const second = running(restored);
  await until(() => hasPublished(second, restored));
  await second.stop();
  expect(firstTimes(given.broker.messages).get('conversation-thread_b')).toEqual(upTo(4));
});

test('it halts before an event of a newer release, and the next one goes on from there', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 3);
  const newer = { ...stored({ type: 'NotYetInvented', version: 1, data: {} }), metadata: stored({ type: 'x', version: 1 } as never).metadata };
  await given.store.append('conversation-thread_a', [newer], 'any');
  await sendMessages(given.store, 'a', 2);
  const gateway = running(given);
  expect(await gateway.ended).toBe('halted');
  expect(gateway.status()).toMatchObject({ state: 'halted', published: 3, problem: 'NotYetInvented version 1 is newer than this release' });
  expect(gateway.status().lagMs).toBeGreaterThan(0);
  const again = running(given);
  expect(await again.ended).toBe('halted');
  expect(given.broker.messages).toHaveLength(3);
});

test('shards publish their own streams, and together all of them', async () => {
  const given = parts();
  const names = Array.from({ length: 12 }, (_, n) => `s${n}`);
  for (const name of names) await sendMessages(given.store, name, 3);
  const shards = shardsOf(2).map((shard) => running({ ...given, shard }));
  for (const each of shards) await until(() => hasPublished(each, given));
  for (const each of shards) await each.stop();
  expect(shards.every((each) => each.status().published > 0)).toBe(true);
  expect(given.broker.messages).toHaveLength(36);
  expect([...firstTimes(given.broker.messages).values()]).toEqual(names.map(() => upTo(3)));
});

test('whoever is fenced and has no lease gives way, and whatever it does the order stays', async () => {
  const given = parts();
  let isFirst = true;
  const first = running({ ...given, owns: async () => isFirst });
  await sendMessages(given.store, 'a', 20);
  await until(() => hasPublished(first, given));
  isFirst = false;
  const second = running(given);
  await until(() => second.status().state === 'publishing');
  await sendMessages(given.store, 'a', 20);
  expect(await first.ended).toBe('superseded');
  await until(() => hasPublished(second, given));
  await second.stop();
  expect(firstTimes(given.broker.messages).get('conversation-thread_a')).toEqual(upTo(40));
});

test('every message goes to a topic that was made before', async () => {
  const given = parts();
  await sendMessages(given.store, 'a', 1);
  const gateway = running({ ...given, prefix: 'other.' });
  await until(() => hasPublished(gateway, given));
  await gateway.stop();
  expect(given.broker.topics.get('other.conversation')?.config).toMatchObject({ 'retention.ms': '-1', 'cleanup.policy': 'delete' });
  expect(given.broker.messages.map(({ topic }) => topic)).toEqual(['other.conversation']);
});
