import { LRUCache } from 'lru-cache';
import type { AppendResult } from './port.ts';

/** What the only writer of a log knows of the ends of its streams, so that asking for what comes after the end needs no look into the file. */
export interface StreamEnds {
  /** Follows an append to its answer; until then nothing is said of its stream. */
  during(stream: string, append: Promise<AppendResult>): Promise<AppendResult>;
  /** A look into the file has found no event after this revision (-1: none at all). */
  found(stream: string, revision: bigint): void;
  /** True only when the stream certainly has no event of this revision or a later one. */
  isBefore(stream: string, revision: bigint): boolean;
}

const KNOWN_STREAMS = 10_000;

export function createStreamEnds(): StreamEnds {
  const last = new LRUCache<string, bigint>({ max: KNOWN_STREAMS });
  /** How many appends to a stream are not answered yet: their events may be stored already, and a tail may have shown them. */
  const underWay = new Map<string, number>();
  /** Streams with an append whose answer nobody waits for any more: it may be stored at any time, until a later one is answered. */
  const doubtful = new Set<string>();

  function learn(stream: string, result: AppendResult | undefined): void {
    const others = (underWay.get(stream) ?? 1) - 1;
    if (others > 0) underWay.set(stream, others);
    else underWay.delete(stream);
    if (isDefinite(result)) doubtful.delete(stream);
    else doubtful.add(stream);
    if (result?.ok !== true) last.delete(stream);
    else if (!result.duplicate) last.set(stream, result.revision);
  }

  return {
    during: async (stream, append) => {
      underWay.set(stream, (underWay.get(stream) ?? 0) + 1);
      let result: AppendResult | undefined;
      try {
        result = await append;
        return result;
      } finally {
        learn(stream, result);
      }
    },
    found: (stream, revision) => {
      if (!underWay.has(stream) && !doubtful.has(stream)) last.set(stream, revision);
    },
    isBefore: (stream, revision) => {
      const end = underWay.has(stream) ? undefined : last.get(stream);
      return end !== undefined && end < revision;
    },
  };
}

const isDefinite = (result: AppendResult | undefined): boolean => result !== undefined && (result.ok || result.code !== 'OutcomeUnknown');
