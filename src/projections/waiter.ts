/** Waits for the next wake-up; one that came in between is not lost. The signal wakes too. */
export interface Waiter {
  readonly wake: () => void;
  next(): Promise<void>;
  close(): void;
}

export function createWaiter(signal: AbortSignal): Waiter {
  let woken = false;
  let resume: (() => void) | undefined;
  const wake = (): void => {
    woken = true;
    resume?.();
  };
  signal.addEventListener('abort', wake);
  return {
    wake,
    async next() {
      if (!woken && !signal.aborted) await new Promise<void>((resolve) => (resume = resolve));
      woken = false;
      resume = undefined;
    },
    close: () => signal.removeEventListener('abort', wake),
  };
}
