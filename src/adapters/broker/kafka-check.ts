import type { Admin, ITopicMetadata } from 'kafkajs';
import { createKafkaClient, type KafkaSettings, silence } from './kafka-client.ts';
import { reasonOf } from './kafka-errors.ts';
import type { TopicSettings } from './port.ts';

/** One sentence on one thing: what is so, and what to do where something is wrong. */
export interface KafkaFinding {
  readonly level: 'fine' | 'warning' | 'problem';
  readonly message: string;
}

export interface KafkaCheck extends Omit<KafkaSettings, 'log'> {
  /** Those that the gateway will need. */
  readonly topics: readonly TopicSettings[];
}

/** One attempt more than none: a moment's trouble is no finding. */
const retry = { retries: 1 } as const;

/** Looks whether Annals can publish to this Kafka: whether it answers, and whether the topics are there as they should be or may be made. Makes nothing. */
export async function checkKafka({ topics, ...settings }: KafkaCheck): Promise<readonly KafkaFinding[]> {
  const { kafka, cut } = createKafkaClient({ requestTimeoutMs: 5000, ...settings, log: () => undefined });
  const admin = kafka.admin({ retry });
  try {
    return await Promise.race([look(admin, topics), silence((hear) => admin.on(admin.events.REQUEST_TIMEOUT, hear))]);
  } catch (error) {
    const at = settings.brokers.join(', ');
    return [problem(`Kafka at ${at} does not answer (${reasonOf(error)}): see that it runs, and that KAFKA_BROKERS and the login are right.`)];
  } finally {
    cut();
  }
}

const fine = (message: string): KafkaFinding => ({ level: 'fine', message });
const warning = (message: string): KafkaFinding => ({ level: 'warning', message });
const problem = (message: string): KafkaFinding => ({ level: 'problem', message });

async function look(admin: Admin, topics: readonly TopicSettings[]): Promise<readonly KafkaFinding[]> {
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  const found = [
    brokers.length < 3
      ? warning(`Kafka answers with ${brokers.length === 1 ? 'one broker' : 'two brokers'}: with three, messages outlive the loss of one.`)
      : fine(`Kafka answers, with ${brokers.length} brokers.`),
  ];
  const there = new Set(await admin.listTopics());
  const present = topics.filter(({ topic }) => there.has(topic));
  const missing = topics.filter(({ topic }) => !there.has(topic));
  const known = present.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) })).topics;
  const wrong = known.flatMap((topic) => onTopic(topic, topics, brokers.length));
  if (present.length > 0 && wrong.length === 0) found.push(fine(`${present.length} of ${topics.length} topics are there, as they should be.`));
  if (missing.length > 0) found.push(await onMissing(admin, missing, topics.length));
  return [...found, ...wrong];
}

function onTopic({ name, partitions }: ITopicMetadata, topics: readonly TopicSettings[], brokers: number): readonly KafkaFinding[] {
  const expected = topics.find(({ topic }) => topic === name);
  const findings: KafkaFinding[] = [];
  if (expected && partitions.length !== expected.partitions)
    findings.push(
      problem(`The topic ${name} has ${partitions.length} partitions instead of ${expected.partitions}, so keys may lose their order: make it anew.`),
    );
  if (partitions.some(({ leader }) => leader < 0))
    findings.push(problem(`The topic ${name} has partitions without a leader: start the brokers that are away.`));
  if (partitions.some(({ isr, replicas }) => isr.length < replicas.length))
    findings.push(warning(`Not all replicas of the topic ${name} are in sync: see that all brokers run, and wait until they have caught up.`));
  if (partitions.some(({ replicas }) => replicas.length < Math.min(3, brokers)))
    findings.push(warning(`The topic ${name} has fewer replicas than there are brokers: add some with kafka-reassign-partitions.`));
  return findings;
}

/** Kafka says whether it would make them. */
async function onMissing(admin: Admin, missing: readonly TopicSettings[], of: number): Promise<KafkaFinding> {
  const asked = missing.map(({ topic, partitions, config }) => ({
    topic,
    numPartitions: partitions,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }));
  try {
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: asked });
    return fine(`${missing.length} of ${of} topics are not there yet, and the gateway may make them.`);
  } catch (error) {
    const names = missing.map(({ topic }) => topic).join(', ');
    return problem(
      `The topics ${names} are not there and cannot be made (${reasonsOf(error)}): allow Create on them, or make them with ${asked[0]?.numPartitions} partitions.`,
    );
  }
}

/** kafkajs gathers what befell each topic. */
function reasonsOf(error: unknown): string {
  const each = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  return [...new Set(each.map(reasonOf))].join('; ');
}
