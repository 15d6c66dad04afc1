import { expect, test } from 'vitest';
import { createKafkaBroker } from '../../src/adapters/broker/kafka.ts';
import { describeBrokers } from '../contract/broker.ts';
import { until } from '../harness/until.ts';
import { freePort } from '../servers/process.ts';
import { readTopics } from './broker-reader.ts';
import { describeWith, kafkaBrokers } from './servers.ts';

describeWith(['KAFKA_BROKERS'], 'the broker port', () => {
  describeBrokers([
    {
      name: 'Kafka',
      open: async () => ({
        broker: createKafkaBroker({ brokers: kafkaBrokers(), log: () => undefined }),
        read: readTopics,
        tooLong: 2 * 1024 * 1024,
      }),
    },
  ]);
});

test('a broker that is not there is asked for until the signal, and said to be away once', async () => {
  const said: string[] = [];
  const broker = createKafkaBroker({ brokers: [`127.0.0.1:${await freePort()}`], log: (message) => said.push(message) });
  const ending = new AbortController();
  const opening = broker.open('test', { signal: ending.signal });
  await until(() => broker.problem() !== undefined);
  expect(broker.problem()).toMatch(/ECONNREFUSED/);
  ending.abort();
  expect(await opening).toBeUndefined();
  expect(said).toHaveLength(1);
  await broker.close();
});
