import { createListeners } from './listeners.ts';
import type { Bus } from './port.ts';

/** A bus within this process: all that one process needs. */
export function createMemoryBus(): Bus {
  const listeners = createListeners();
  return {
    publish: async (topic, message) => listeners.tell(topic, structuredClone(message)),
    subscribe: listeners.add,
    close: async () => listeners.clear(),
  };
}
