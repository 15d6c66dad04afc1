import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { spentIn } from './spent.ts';
import type { Tokens } from './tokens.ts';

export interface ReadOptions {
  readonly brokers: readonly string[];
  /** Begins the names of the topics. */
  readonly prefix: string;
  /** Ends when everything has been read that was there at the start. */
  readonly once: boolean;
  readonly tokens: Tokens;
  readonly changed: () => void;
  readonly signal: AbortSignal;
}

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Reads on from where the figures are, over restarts of the broker, until the signal. Every reader has a group of its own, since it keeps its own offsets. */
export async function readTokens({ brokers, prefix, once, tokens, changed, signal }: ReadOptions): Promise<void> {
  const retry = { initialRetryTime: 100, maxRetryTime: 2000, retries: Number.MAX_SAFE_INTEGER };
  const kafka = new Kafka({ clientId: 'annals-analytics', brokers: [...brokers], retry, logLevel: logLevel.NOTHING });
  const topics = await topicsThere(kafka, [`${prefix}run`, `${prefix}title`], once, signal);
  const missing = await unread(kafka, topics, tokens);
  if (signal.aborted || (once && missing.size === 0)) return;

  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => finish());
  const consumer = kafka.consumer({
    groupId: `annals-analytics-${randomUUID()}`,
    allowAutoTopicCreation: false,
    retry: { ...retry, restartOnFailure: async () => true },
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
    for (const [topic, partitions] of Object.entries(memberAssignment))
      for (const partition of partitions) {
        const offset = tokens.next(topic, partition);
        if (offset !== undefined) consumer.seek({ topic, partition, offset });
      }
  });
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
    if (BigInt(lastOffset) + 1n >= (missing.get(placeOf(topic, partition)) ?? 0n)) missing.delete(placeOf(topic, partition));
    if (once && missing.size === 0) finish();
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, isStale }) => {
      if (isStale()) return;
      const spent = batch.messages.flatMap((message) => spentIn(message) ?? []);
      tokens.add({ topic: batch.topic, partition: batch.partition, next: String(BigInt(batch.lastOffset()) + 1n), spent });
      if (spent.length > 0) changed();
    },
  });
  await finished;
  await consumer.disconnect();
}

/** Those of the topics that there are; without `once` it waits until there are all. */
async function topicsThere(kafka: Kafka, wanted: readonly string[], once: boolean, signal: AbortSignal): Promise<readonly string[]> {
  const admin = kafka.admin();
  await admin.connect();
  let there: readonly string[] = [];
  while (!signal.aborted) {
    const all = await admin.listTopics();
    there = wanted.filter((topic) => all.includes(topic));
    if (once || there.length === wanted.length) break;
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
  await admin.disconnect();
  return there;
}

/** Where the partitions end of which there is something left to read. */
async function unread(kafka: Kafka, topics: readonly string[], tokens: Tokens): Promise<Map<string, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const next = BigInt(tokens.next(topic, partition) ?? low);
      if (next !== BigInt(high) && low !== high) ends.set(placeOf(topic, partition), BigInt(high));
    }
  await admin.disconnect();
  return ends;
}
