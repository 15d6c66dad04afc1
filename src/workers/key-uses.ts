import type { PersonId } from '../domain/ids.ts';

interface Counted {
  readonly keyId: string;
  readonly owner: PersonId;
  readonly count: number;
  readonly from: string;
  readonly to: string;
}

interface Counting {
  readonly owner: PersonId;
  /** When its last event was written. */
  writtenAt: number;
  count: number;
  from: string;
  to: string;
}

/** At most one event a key and process within that time, in ms, whatever it is used for. */
export const HOUR = 3_600_000;
const MOST_KEYS = 10_000;

/**
 * Uses of keys, as few events: the first use is written down before the key is handed out, later ones within an hour are counted. So that a key was used
 * is never lost; a process that dies takes at most an hour's count along.
 */
export function createKeyUses({ now, record }: { readonly now: () => Date; readonly record: (counted: Counted) => Promise<boolean> }) {
  const counting = new Map<string, Counting>();

  async function write(keyId: string, entry: Counting): Promise<void> {
    const { owner, count, from, to } = entry;
    if (count === 0) return;
    entry.count = 0;
    entry.writtenAt = now().getTime();
    if (await record({ keyId, owner, count, from, to }).catch(() => false)) return;
    entry.count += count;
    entry.from = from;
    entry.writtenAt = Number.NEGATIVE_INFINITY;
  }

  return {
    async note(keyId: string, owner: PersonId): Promise<void> {
      const time = now();
      const entry = counting.get(keyId) ?? { owner, writtenAt: Number.NEGATIVE_INFINITY, count: 0, from: '', to: '' };
      if (entry.count === 0) entry.from = time.toISOString();
      entry.count += 1;
      entry.to = time.toISOString();
      counting.set(keyId, entry);
      const isFull = counting.size > MOST_KEYS;
      if (isFull || time.getTime() - entry.writtenAt >= HOUR) await write(keyId, entry);
      if (isFull && entry.count === 0) counting.delete(keyId);
    },
    /** Writes what is counted of those whose last event is that old, in ms. */
    async flush(age: number): Promise<void> {
      for (const [keyId, entry] of counting) {
        if (now().getTime() - entry.writtenAt < age) continue;
        await write(keyId, entry);
        if (entry.count === 0) counting.delete(keyId);
      }
    },
  };
}
