import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** Waits longer each time, by chance between half and all of it; the signal cuts it short without an error. */
  pause(signal?: AbortSignal): Promise<void>;
  reset(): void;
}

export function createBackoff(firstMs = 50, mostMs = 1000): Backoff {
  let pauses = 0;
  return {
    pause: async (signal) => {
      const ms = Math.min(mostMs, firstMs * 2 ** pauses);
      pauses += 1;
      await sleep(ms * (0.5 + Math.random() / 2), undefined, signal ? { signal } : {}).catch(() => undefined);
    },
    reset: () => {
      pauses = 0;
    },
  };
}
