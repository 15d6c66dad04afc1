import { createMemoryBus } from '../../src/adapters/bus/memory.ts';
import { describeBuses, type OpenedBus } from './bus.ts';

async function openMemory(): Promise<OpenedBus> {
  return { bus: createMemoryBus(), others: [], remove: async () => {} };
}

describeBuses([{ name: 'in memory', open: openMemory }]);
