import { createMemoryBroker } from '../../src/adapters/broker/memory.ts';
import { describeBrokers } from './broker.ts';

describeBrokers([
  {
    name: 'in memory',
    open: async () => {
      const broker = createMemoryBroker();
      return { broker, read: async (topics) => broker.messages.filter(({ topic }) => topics.includes(topic)), tooLong: 2 * 1024 * 1024 };
    },
  },
]);
