/** Lets somebody wait who does something between two waits: a ring meanwhile is not lost. */
export function createDoorbell() {
  let rung = false;
  let answer: (() => void) | undefined;

  function ring(): void {
    rung = true;
    answer?.();
  }

  /** Resolves when it has rung since the last wait, after the time, or when the signal ends the waiting. */
  function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      answer = undefined;
      rung = false;
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    answer = done;
    if (rung || signal.aborted) done();
    return promise;
  }

  return { ring, wait };
}
