/** Time of this process that only goes forward, in milliseconds, and goes on while the process is frozen; tests give one of their own. */
export interface LeaseClock {
  now(): number;
  /** Runs once after `milliseconds`; the answer takes it back. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemClock: LeaseClock = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits, or until the signal. */
export function pause(clock: LeaseClock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
