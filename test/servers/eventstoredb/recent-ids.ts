/** The ids that the server remembers having written; gone after a restart. */
export interface RecentIds {
  remember(stream: string, id: string, revision: bigint): void;
  /** The revision that this id was last written at, when that was in this stream. */
  revisionIn(stream: string, id: string): bigint | undefined;
}

/** The oldest are forgotten when they take more room than this; 8 MiB on the real server. */
export function recentIds(limit = 8 * 1024 * 1024): RecentIds {
  const known = new Map<string, { readonly stream: string; readonly revision: bigint }>();
  let size = 0;
  const sizeOf = (stream: string): number => 28 + 2 * stream.length;
  const forget = (id: string): void => {
    const entry = known.get(id);
    if (entry && known.delete(id)) size -= sizeOf(entry.stream);
  };
  return {
    remember(stream, id, revision) {
      forget(id);
      known.set(id, { stream, revision });
      size += sizeOf(stream);
      for (const oldest of known.keys()) {
        if (size <= limit) break;
        forget(oldest);
      }
    },
    revisionIn(stream, id) {
      const entry = known.get(id);
      return entry?.stream === stream ? entry.revision : undefined;
    },
  };
}
