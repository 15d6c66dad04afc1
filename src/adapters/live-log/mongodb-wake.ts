import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { followChanges } from '../mongo/changes.ts';
import { type Entries, runOf } from './mongodb-entries.ts';

export interface Watched {
  readonly entries: Entries;
  /** Whether the server says by itself what was added. */
  readonly changeStreams: boolean;
  /** This process, which wakes its own readers when it appends. */
  readonly me: string;
  readonly wake: (run: string) => void;
}

const LOOK_MS = 50;

const Inserted = z.object({ documentKey: z.object({ _id: z.string() }) });
const insertedByOthers = (me: string) => [{ $match: { operationType: 'insert', 'fullDocument.by': { $ne: me } } }, { $project: { documentKey: 1 } }];

/** Wakes readers of what other processes append, and asks for nothing while there are none. */
export function createWatch({ entries, changeStreams, me, wake }: Watched) {
  /** How many read a run here, and the last entry of it that was found; undefined until the first look. */
  const runs = new Map<string, { readers: number; last: string | undefined }>();
  let watching: AbortController | undefined;

  function hear(change: object): void {
    const { documentKey } = Inserted.parse(change);
    if (runs.has(runOf(documentKey._id))) wake(runOf(documentKey._id));
  }

  // What is in a run at its first look may have come after its reader looked, so that wakes it, too.
  async function look(): Promise<void> {
    if (runs.size === 0) return;
    const beyond = [...runs].map(([run, { last }]) => (last === undefined ? { run } : { run, place: { $gt: last } }));
    const found = await entries.find({ $or: beyond }, { projection: { _id: 0, run: 1, place: 1, by: 1 } }).toArray();
    const woken = new Set<string>();
    for (const { run, place, by } of found) {
      const watched = runs.get(run);
      if (watched === undefined || (watched.last !== undefined && place <= watched.last)) continue;
      if (by !== me) woken.add(run);
    }
    for (const { run, place } of found) {
      const watched = runs.get(run);
      if (watched && (watched.last ?? '') < place) watched.last = place;
    }
    for (const run of woken) wake(run);
  }

  const follow = (signal: AbortSignal): Promise<void> =>
    followChanges({ collection: entries, pipeline: insertedByOthers(me), hear, watching: () => void look().catch(() => undefined), signal });

  async function poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await look().catch(() => undefined);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  function watchWhileWanted(): void {
    if (runs.size === 0) watching?.abort();
    if (runs.size === 0) watching = undefined;
    else if (watching === undefined) {
      watching = new AbortController();
      void (changeStreams ? follow : poll)(watching.signal);
    }
  }

  function add(run: string): () => void {
    const watched = runs.get(run) ?? { readers: 0, last: undefined };
    runs.set(run, watched);
    watched.readers += 1;
    watchWhileWanted();
    return () => {
      watched.readers -= 1;
      if (watched.readers === 0 && runs.get(run) === watched) runs.delete(run);
      watchWhileWanted();
    };
  }

  function clear(): void {
    runs.clear();
    watchWhileWanted();
  }

  return { add, clear };
}
