import { stopped } from './call.ts';

/** Time that only goes forward, in milliseconds, and timers on it; tests give one of their own and never wait. */
export interface ModelClock {
  now(): number;
  /** Runs once after `milliseconds`; the answer takes it back. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemClock: ModelClock = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits, unless the signal fires: then it throws `Aborted` at once. */
export function sleep(milliseconds: number, signal: AbortSignal, clock: ModelClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopped());
    const stop = () => {
      cancel();
      reject(stopped());
    };
    const cancel = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
