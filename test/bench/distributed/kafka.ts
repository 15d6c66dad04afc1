import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { createKafkaBroker } from '../../../src/adapters/broker/kafka.ts';
import type { Broker, BrokerMessage } from '../../../src/adapters/broker/port.ts';
import { openMongoDocumentStore } from '../../../src/adapters/document-store/mongodb.ts';
import { openEventStoreDb } from '../../../src/adapters/event-store/eventstoredb.ts';
import type { EventStore, Position } from '../../../src/adapters/event-store/port.ts';
import type { MongoConnection } from '../../../src/adapters/mongo/connection.ts';
import { createGateway } from '../../../src/workers/gateway/index.ts';
import { translator } from '../../../src/workers/gateway/message.ts';
import { resetGateway } from '../../../src/workers/gateway/place.ts';
import { createPseudonyms } from '../../../src/workers/gateway/pseudonym.ts';
import { channelsOf } from '../../../src/workers/gateway/topics.ts';
import { type Bench, count, interleaved, median, perSecond, rate, ratioOf, timed } from '../measure.ts';
import { conversationsToAppend } from './log.ts';
import { databaseOn, withDatabase, withServers } from './servers.ts';

const AIM = 0.7;
const A_BATCH = 1000;
const secret = Buffer.from('the benchmark makes its pseudonyms with this one');
const source = '/annals';

interface Stage {
  readonly store: EventStore;
  readonly connection: MongoConnection;
  readonly broker: Broker;
  readonly brokers: readonly string[];
  /** Where the events begin that are published. */
  readonly beginning: Position;
}

/** The beginning of the names of topics that are there and that nobody has used. */
async function newTopics({ broker }: Stage): Promise<string> {
  const prefix = `bench-${randomUUID().slice(0, 8)}.`;
  await broker.ensureTopics(channelsOf(prefix), { signal: new AbortController().signal });
  return prefix;
}

/** From the moment at which it begins to read until the brokers have acknowledged everything, in ms. */
async function throughGateway(stage: Stage, messages: number): Promise<number> {
  const { store, connection, broker } = stage;
  const prefix = await newTopics(stage);
  const state = await openMongoDocumentStore({ connection, prefix });
  await resetGateway({ store, state }, stage.beginning);
  let problem: string | undefined;
  const gateway = createGateway({ store, state, broker, secret, source, prefix, onProblem: (what) => (problem = what) });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      if (problem !== undefined) throw new Error(`The gateway has a problem: ${problem}`);
      await sleep(2);
    }
  };
  const stopping = new AbortController();
  const running = gateway.run(stopping.signal);
  try {
    await until(() => gateway.status().state === 'publishing');
    return (await timed(() => until(() => gateway.status().published >= messages))).ms;
  } finally {
    stopping.abort();
    await running;
  }
}

/** The same messages by a producer that does nothing else, in ms. */
async function throughProducer(stage: Stage, messages: readonly BrokerMessage[], prefixed: string): Promise<number> {
  const prefix = await newTopics(stage);
  const renamed = messages.map((message) => ({ ...message, topic: `${prefix}${message.topic.slice(prefixed.length)}` }));
  const kafka = new Kafka({ brokers: [...stage.brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    return (await timed(() => inBatches(renamed, (topicMessages) => producer.sendBatch({ acks: -1, topicMessages })))).ms;
  } finally {
    await producer.disconnect();
  }
}

async function inBatches(
  messages: readonly BrokerMessage[],
  send: (batch: { topic: string; messages: BrokerMessage[] }[]) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < messages.length; at += A_BATCH) {
    const topics = Map.groupBy(messages.slice(at, at + A_BATCH), ({ topic }) => topic);
    await send([...topics].map(([topic, own]) => ({ topic, messages: own })));
  }
}

/** What the gateway makes of the events after that position. */
async function messagesAfter(store: EventStore, beginning: Position, prefix: string): Promise<BrokerMessage[]> {
  const translate = translator({ prefix, source, pseudonym: createPseudonyms(secret) });
  const epoch = await store.epoch();
  const messages: BrokerMessage[] = [];
  const ending = new AbortController();
  for await (const { events, caughtUp } of store.tail(beginning, { signal: ending.signal })) {
    for (const event of events) {
      const translated = translate(event, epoch);
      if (translated.kind === 'public') messages.push(translated.message);
    }
    if (caughtUp) ending.abort();
  }
  return messages;
}

export const publishing: Bench = {
  title: 'Publishing to Kafka',
  run: ({ quick }) =>
    withServers(['EVENTSTORE_URL', 'MONGODB_URL', 'KAFKA_BROKERS'], ({ EVENTSTORE_URL, MONGODB_URL, KAFKA_BROKERS }) =>
      withDatabase(databaseOn(MONGODB_URL), async (connection) => {
        const store = await openEventStoreDb({ url: EVENTSTORE_URL.url });
        const brokers = KAFKA_BROKERS.url.split(',');
        const broker = createKafkaBroker({ brokers, log: () => undefined });
        try {
          const stage = { store, connection, broker, brokers, beginning: await store.head() };
          await conversationsToAppend(store, quick ? 2000 : 40_000)();
          const messages = await messagesAfter(store, stage.beginning, 'bench.');
          const gateway = () => throughGateway(stage, messages.length).then((ms) => perSecond(messages.length, ms));
          const producer = () => throughProducer(stage, messages, 'bench.').then((ms) => perSecond(messages.length, ms));
          await gateway();
          await producer();
          const rates = await interleaved(quick ? 1 : 5, { gateway, producer });
          const ratio = ratioOf(rates.gateway, rates.producer);
          return [
            {
              what: `${count(messages.length)} events from \`$all\` through the gateway to topics of six partitions, against an idempotent \`kafkajs\` producer that sends the same messages by the ${count(A_BATCH)}; servers: ${EVENTSTORE_URL.what}; ${KAFKA_BROKERS.what}`,
              figure: rate(median(rates.gateway)),
              beside: rate(median(rates.producer)),
              ratio,
              aim: `≥ ${AIM}×`,
              met: ratio >= AIM,
            },
          ];
        } finally {
          await broker.close();
          await store.close();
        }
      }),
    ),
};
