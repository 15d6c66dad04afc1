import { createMemoryLeases } from '../../src/adapters/leases/memory.ts';
import { describeLeases, type OpenedLeases } from './leases.ts';

async function openMemory(): Promise<OpenedLeases> {
  const leases = createMemoryLeases();
  return { leases, others: leases, remove: async () => {} };
}

describeLeases([{ name: 'in memory', open: openMemory }]);
