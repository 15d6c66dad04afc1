import { createKafkaBroker } from '../../src/adapters/broker/kafka.ts';
import { describeBrokers } from '../contract/broker.ts';
import { readTopics } from './broker-reader.ts';
import { describeWith, kafkaBrokers } from './servers.ts';

describeWith(['KAFKA_BROKERS'], 'the broker port', () => {
  describeBrokers([
    {
      name: 'Kafka',
      open: async () => ({ broker: createKafkaBroker({ brokers: kafkaBrokers(), log: () => undefined }), read: readTopics, tooLong: 2 * 1024 * 1024 }),
    },
  ]);
});
