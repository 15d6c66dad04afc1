import { setTimeout as sleep } from 'node:timers/promises';
import { briefRetry, createKafkaClient, type KafkaSettings, silence } from './kafka-client.ts';
import { reasonOf } from './kafka-errors.ts';
import { openPublisher } from './kafka-publisher.ts';
import type { Broker, Publisher, TopicSettings } from './port.ts';

const MAX_PAUSE_MS = 2000;
const MAX_REPLICAS = 3;

/** Kafka by kafkajs: one transaction for each batch, acknowledged by every replica in sync. Connects when it is first asked for something. */
export function createKafkaBroker(settings: KafkaSettings): Broker {
  const closing = new AbortController();
  const open = new Set<Publisher>();
  let problem: string | undefined;
  /** A batch was lost and none acknowledged since: that something can be opened proves nothing then. */
  let isLosing = false;

  const troubled = (reason: string): void => {
    if (problem === undefined) settings.log(`Kafka at ${settings.brokers.join(', ')} cannot be used, trying again until it can: ${reason}`);
    problem = reason;
  };
  const well = (): void => {
    if (problem !== undefined) settings.log(`Kafka at ${settings.brokers.join(', ')} can be used again`);
    problem = undefined;
  };

  /** Tries until it works; `undefined` when the signal, or closing, ended that. */
  async function patiently<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
    const ended = AbortSignal.any([signal, closing.signal]);
    for (let pause = 100; !ended.aborted; pause = Math.min(MAX_PAUSE_MS, pause * 2)) {
      try {
        const result = await work();
        if (!isLosing) well();
        return result;
      } catch (error) {
        troubled(reasonOf(error));
        await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal: ended }).catch(() => undefined);
      }
    }
    return undefined;
  }

  return {
    ensureTopics: async (topics, { signal }) => (await patiently(() => createMissing(settings, topics), signal)) ?? false,
    open: (name, { signal }) =>
      patiently(async () => {
        const publisher = await openPublisher(createKafkaClient(settings), name);
        const watched: Publisher = {
          async publish(messages, options) {
            const published = await publisher.publish(messages, options);
            if (published.ok) {
              isLosing = false;
              well();
            } else if (published.code === 'Lost' && !options.signal.aborted) {
              isLosing = true;
              troubled(published.message);
            }
            return published;
          },
          async close() {
            open.delete(watched);
            await publisher.close();
          },
        };
        open.add(watched);
        return watched;
      }, signal),
    problem: () => problem,
    async close() {
      closing.abort();
      await Promise.all([...open].map((publisher) => publisher.close()));
    },
  };
}

async function createMissing(settings: KafkaSettings, topics: readonly TopicSettings[]): Promise<true> {
  const { kafka, cut } = createKafkaClient(settings);
  const admin = kafka.admin({ retry: briefRetry });
  const create = async (): Promise<true> => {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    const missing = topics.filter(({ topic }) => !there.has(topic));
    const { brokers } = missing.length > 0 ? await admin.describeCluster() : { brokers: [] };
    const replicas = Math.min(MAX_REPLICAS, brokers.length);
    const made = missing.map(({ topic, partitions, config }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: Object.entries({ ...config, 'min.insync.replicas': String(Math.max(1, replicas - 1)) }).map(([name, value]) => ({
        name,
        value,
      })),
    }));
    if (made.length > 0) await admin.createTopics({ waitForLeaders: true, topics: made });
    return true;
  };
  try {
    return await Promise.race([create(), silence((hear) => admin.on(admin.events.REQUEST_TIMEOUT, hear))]);
  } finally {
    cut();
  }
}
