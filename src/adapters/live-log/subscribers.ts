interface Subscriber {
  readonly wake: () => void;
  woken: boolean;
}

/** Who wants to be called back for which run. */
export function createSubscribers() {
  const byRun = new Map<string, Set<Subscriber>>();

  function subscribe(run: string, wake: () => void): () => void {
    const subscriber = { wake, woken: false };
    const ofRun = byRun.get(run) ?? new Set<Subscriber>();
    byRun.set(run, ofRun.add(subscriber));
    return () => {
      ofRun.delete(subscriber);
      if (ofRun.size === 0 && byRun.get(run) === ofRun) byRun.delete(run);
    };
  }

  /** Each once for all that was appended in one go, and by itself, so that one that throws disturbs no other and not whoever appended. */
  function wakeAll(run: string): void {
    const ofRun = byRun.get(run);
    for (const subscriber of ofRun ?? []) {
      if (subscriber.woken) continue;
      subscriber.woken = true;
      queueMicrotask(() => {
        subscriber.woken = false;
        if (ofRun?.has(subscriber)) subscriber.wake();
      });
    }
  }

  return { subscribe, wakeAll, clear: () => byRun.clear() };
}
