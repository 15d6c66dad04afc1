import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Settings } from '../settings.ts';
import { createGateway, type Gateway } from '../workers/gateway/index.ts';
import { derivedSecret, type Log } from './installation.ts';

export interface GatewayWiring {
  readonly settings: Settings;
  readonly store: EventStore;
  readonly state: DocumentStore;
  readonly secret: Buffer;
  readonly opened: AsyncDisposableStack;
  readonly log: Log;
}

/** The way to Kafka, where KAFKA_BROKERS is set; whoever runs it asks first whether it is its turn. */
export async function openGateway({
  settings,
  store,
  state,
  secret,
  opened,
  log,
}: GatewayWiring): Promise<((owns: () => boolean) => Gateway) | undefined> {
  const kafka = kafkaOf(settings);
  if (!kafka) return undefined;
  const { createKafkaBroker } = await import('../adapters/broker/kafka.ts');
  const broker = createKafkaBroker({ ...kafka, log });
  opened.defer(() => broker.close());
  return (owns) =>
    createGateway({
      store,
      state,
      broker,
      secret: derivedSecret(secret, 'annals pseudonyms'),
      prefix: settings.KAFKA_TOPIC_PREFIX,
      ...(settings.ANNALS_PUBLIC_URL === undefined ? {} : { source: settings.ANNALS_PUBLIC_URL }),
      owns: async () => owns(),
      onProblem: (problem) => log(`Kafka: ${problem}`),
    });
}

/** What the settings say of the brokers. */
export function kafkaOf({
  KAFKA_BROKERS: brokers,
  KAFKA_SSL: ssl,
  KAFKA_SASL: mechanism,
  KAFKA_USERNAME: username,
  KAFKA_PASSWORD: password,
}: Settings) {
  if (brokers.length === 0) return undefined;
  const sasl = mechanism && username !== undefined && password !== undefined ? { mechanism, username, password } : undefined;
  return { brokers, ssl: ssl === 'on', ...(sasl ? { sasl } : {}) };
}
