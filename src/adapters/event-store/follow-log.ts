import { setImmediate } from 'node:timers/promises';
import type { RecordedEvent } from '../../domain/event.ts';
import type { Position, TailBatch } from './port.ts';

export interface LogPage {
  readonly events: RecordedEvent[];
  /** The page ended at its bound, not at the end of the log. */
  readonly more: boolean;
}

/** Wakes whoever waits for new events. A wake-up between `seen()` and `after(seen)` is not lost. */
export interface Wakeups {
  seen(): number;
  /** Resolves when `wake` has been called since `seen`, after `pollMs`, or when the signal ends the waiting. */
  after(seen: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

export function createWakeups(pollMs: number): Wakeups {
  let count = 0;
  const waiting = new Set<() => void>();
  return {
    seen: () => count,
    after: (seen, signal) => {
      if (seen !== count || signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = () => {
        waiting.delete(done);
        clearTimeout(poll);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const poll = setTimeout(done, pollMs);
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      return promise;
    },
    wake: () => {
      count += 1;
      for (const done of [...waiting]) done();
    },
  };
}

/** A page may be absent for the moment (`undefined`): it is asked for again at the next wake-up. */
export interface FollowedLog {
  readonly page: (after: Position) => LogPage | undefined;
  readonly wakeups: Wakeups;
  readonly closed: () => boolean;
}

/** The tail of every log that is read in pages: reads to the end, tells so once, then waits to be woken. */
export async function* followLog(log: FollowedLog, after: Position, signal: AbortSignal): AsyncGenerator<TailBatch> {
  let seen = after;
  let toldCaughtUp = false;
  while (!signal.aborted && !log.closed()) {
    const woken = log.wakeups.seen();
    const page = log.page(seen);
    if (page && (page.events.length > 0 || !toldCaughtUp)) {
      seen = page.events.at(-1)?.position ?? seen;
      toldCaughtUp = !page.more;
      yield { events: page.events, seen, caughtUp: toldCaughtUp };
    }
    if (page?.more) await setImmediate();
    else await log.wakeups.after(woken, signal);
  }
}
