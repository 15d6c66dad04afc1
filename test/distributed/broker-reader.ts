import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { BrokerMessage } from '../../src/adapters/broker/port.ts';
import { kafkaBrokers } from './servers.ts';

export interface ReadMessage extends BrokerMessage {
  readonly partition: number;
  readonly offset: string;
}

const kafkaAt = (brokers: readonly string[]): Kafka =>
  new Kafka({
    brokers: [...brokers],
    clientId: 'test',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 20, maxRetryTime: 1000 },
  });

/** Everything that a reader of committed messages sees in these topics, of each partition in order. Topics that are not there are empty. */
export async function readTopics(topics: readonly string[], brokers = kafkaBrokers()): Promise<ReadMessage[]> {
  const kafka = kafkaAt(brokers);
  const missing = await endsOf(kafka, topics);
  const messages: ReadMessage[] = [];
  if (missing.size === 0) return messages;
  const consumer = kafka.consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error);
  });
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
    const place = `${topic}/${partition}`;
    if (BigInt(lastOffset) + 1n >= (missing.get(place) ?? 0n)) missing.delete(place);
    if (missing.size === 0) resolve();
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...new Set([...missing.keys()].map((place) => place.split('/')[0] ?? ''))], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { key, value, headers = {}, offset } of batch.messages)
          messages.push({
            topic: batch.topic,
            partition: batch.partition,
            offset,
            key: String(key),
            value: String(value),
            headers: Object.fromEntries(Object.entries(headers).map(([name, held]) => [name, String(held)])),
          });
      },
    });
    await finished;
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

/** The offset behind the last message of each partition that has any, by `topic/partition`. */
async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Map<string, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map<string, bigint>();
  const there = new Set(await admin.listTopics());
  for (const topic of topics.filter((each) => there.has(each)))
    for (const { partition, high } of await offsetsOf(admin, topic)) if (high !== '0') ends.set(`${topic}/${partition}`, BigInt(high));
  await admin.disconnect();
  return ends;
}

/** A partition that has just been made has no leader for a moment. */
async function offsetsOf(admin: Admin, topic: string): ReturnType<Admin['fetchTopicOffsets']> {
  try {
    return await admin.fetchTopicOffsets(topic);
  } catch (error) {
    if ((error as { type?: string }).type !== 'NOT_LEADER_FOR_PARTITION') throw error;
    await sleep(50);
    return offsetsOf(admin, topic);
  }
}

export async function describeTopic(topic: string): Promise<{ partitions: number; config: Record<string, string> }> {
  const admin = kafkaAt(kafkaBrokers()).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] });
  await admin.disconnect();
  const entries = resources[0]?.configEntries ?? [];
  return {
    partitions: topics[0]?.partitions.length ?? 0,
    config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
  };
}
