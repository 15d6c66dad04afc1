import type { LiveEntry, LiveLog, LivePlace } from './port.ts';
import { createSubscribers } from './subscribers.ts';

/** A live log that lasts as long as the process, for tests. */
export function createMemoryLiveLog(): LiveLog {
  const runs = new Map<string, LiveEntry[]>();
  const expiries = new Map<string, number>();
  const subscribers = createSubscribers();

  function insert(entry: LiveEntry): void {
    const entries = runs.get(entry.run) ?? [];
    if (entries.some((one) => compare(one, entry) === 0)) return;
    const behind = entries.findLastIndex((one) => compare(one, entry) < 0);
    entries.splice(behind + 1, 0, entry);
    runs.set(entry.run, entries);
    subscribers.wakeAll(entry.run);
  }

  function sweep(now: number): number {
    let removed = 0;
    for (const [run, at] of expiries) {
      if (at > now) continue;
      removed += runs.get(run)?.length ?? 0;
      runs.delete(run);
      expiries.delete(run);
    }
    return removed;
  }

  return {
    append: async (entry) => insert(entry),
    read: async (run, after) => (runs.get(run) ?? []).filter((entry) => after === undefined || compare(entry, after) > 0),
    subscribe: subscribers.subscribe,
    expire: async (run, at) => {
      expiries.set(run, at);
    },
    sweep: async (now) => sweep(now),
    close: async () => subscribers.clear(),
  };
}

type PlaceInRun = Omit<LivePlace, 'run'>;
const compare = (a: PlaceInRun, b: PlaceInRun) => a.segment - b.segment || a.epoch - b.epoch || a.sequence - b.sequence;
