import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { SealedValue } from '../../domain/event.ts';
import { openLiveDatabase } from './live-database.ts';
import type { LiveEntry, LiveLog } from './port.ts';
import { createSubscribers } from './subscribers.ts';
import { createWriteQueue } from './write-queue.ts';

export interface SqliteLiveLogOptions {
  readonly folder: string;
  /** The file was unreadable (a power cut) and has been begun anew; what it held is missing until the runs' events have it. */
  readonly onDamage?: (reason: string) => void;
}

const SWEEP_PAGE = 500;

const EntryRow = z.object({ segment: z.number(), epoch: z.number(), sequence: z.number(), sealed: z.string() });
const RunRow = z.object({ run: z.string() });

/** Opens, or makes, `live.db` in the folder. It writes on the calling thread and never waits for the disk. */
export async function openSqliteLiveLog({ folder, onDamage }: SqliteLiveLogOptions): Promise<LiveLog> {
  const { database, damage } = openLiveDatabase(join(folder, 'live.db'));
  if (damage !== undefined) onDamage?.(damage);
  const subscribers = createSubscribers();
  const queue = createWriteQueue(database);
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const select = database.prepare(
    `SELECT segment, epoch, sequence, sealed FROM entries
     WHERE run = ? AND (segment, epoch, sequence) > (?, ?, ?) ORDER BY segment, epoch, sequence`,
  );
  const setExpiry = database.prepare('INSERT INTO expiries VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at');
  const expired = database.prepare('SELECT run FROM expiries WHERE at <= ? LIMIT 1');
  const removePage = database.prepare(
    `DELETE FROM entries WHERE run = :run AND (segment, epoch, sequence) IN
     (SELECT segment, epoch, sequence FROM entries WHERE run = :run LIMIT ${SWEEP_PAGE})`,
  );
  const removeExpiry = database.prepare('DELETE FROM expiries WHERE run = ?');

  async function append({ run, segment, epoch, sequence, sealed }: LiveEntry): Promise<void> {
    const text = JSON.stringify(sealed);
    const added = await queue.add(() => insert.run(run, segment, epoch, sequence, text).changes);
    if (added > 0) subscribers.wakeAll(run);
  }

  function read(run: string, after?: Parameters<LiveLog['read']>[1]): LiveEntry[] {
    const { segment, epoch, sequence } = after ?? { segment: -1, epoch: -1, sequence: -1 };
    return select.all(run, segment, epoch, sequence).map((row) => toEntry(run, row));
  }

  async function sweep(now: number): Promise<number> {
    let removed = 0;
    for (let found = expired.get(now); found !== undefined; found = expired.get(now)) {
      const { run } = RunRow.parse(found);
      removed += await removeRun(run);
      await nextTurn();
    }
    return removed;
  }

  // A page at a time, so that streams go on in between.
  async function removeRun(run: string): Promise<number> {
    const page = Number(await queue.add(() => removePage.run({ run }).changes));
    if (page === SWEEP_PAGE) return page + (await removeRun(run));
    await queue.add(() => removeExpiry.run(run).changes);
    return page;
  }

  return {
    append,
    read: async (run, after) => read(run, after),
    subscribe: subscribers.subscribe,
    expire: async (run, at) => {
      await queue.add(() => setExpiry.run(run, at).changes);
    },
    sweep,
    close: async () => {
      if (!database.isOpen) return;
      queue.flush();
      subscribers.clear();
      database.close();
    },
  };
}

function toEntry(run: string, row: unknown): LiveEntry {
  const { sealed, ...place } = EntryRow.parse(row);
  const { k, a, c, b } = SealedValue.parse(JSON.parse(sealed));
  return { run, ...place, sealed: { k, a, ...(c === undefined ? {} : { c }), ...(b === undefined ? {} : { b }) } };
}
