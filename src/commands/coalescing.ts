const MINUTE = 60_000;

export interface Coalescing<Item> {
  /** Writes the item at once, and of its repeats within a minute how many they were; false when too many different ones are under way. */
  add(key: string, item: Item): boolean;
  /** Writes the counts of what is older; default: a minute. */
  flush(olderThanMs?: number): void;
}

/** So that what happens again and again fills neither the log nor the memory. */
export function coalescing<Item>({
  now,
  write,
  most = Number.POSITIVE_INFINITY,
}: {
  readonly now: () => Date;
  readonly write: (item: Item, count: number) => void;
  readonly most?: number;
}): Coalescing<Item> {
  // In the order in which they came.
  const seen = new Map<string, { readonly since: number; readonly item: Item; count: number }>();
  const flush = (olderThanMs = MINUTE): void => {
    const time = now().getTime();
    for (const [key, { since, item, count }] of seen) {
      if (time - since < olderThanMs) return;
      if (count > 0) write(item, count);
      seen.delete(key);
    }
  };
  return {
    add(key, item) {
      flush();
      const entry = seen.get(key);
      if (entry) entry.count++;
      else if (seen.size >= most) return false;
      else {
        seen.set(key, { since: now().getTime(), item, count: 0 });
        write(item, 1);
      }
      return true;
    },
    flush,
  };
}
