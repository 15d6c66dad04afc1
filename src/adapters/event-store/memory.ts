import { randomUUID } from 'node:crypto';
import { decodeEvent, type EncodedAppend, encodeAppend, positionOf, tooLarge } from './encode.ts';
import { createWakeups, followLog } from './follow-log.ts';
import { judge, type Standing } from './judge.ts';
import type { StoredEvent } from './leaf.ts';
import type { AppendResult, EventStore, Position, ReadOptions } from './port.ts';

export interface MemoryEventStoreOptions {
  readonly epoch?: string;
  /** Events a tail hands out at once. */
  readonly pageSize?: number;
}

type Row = StoredEvent & Standing;

/** The whole port without a disk, for tests: what it holds ends with the process. */
export function createMemoryEventStore({ epoch = randomUUID(), pageSize = 500 }: MemoryEventStoreOptions = {}): EventStore {
  const log: Row[] = [];
  const streams = new Map<string, Row[]>();
  const byId = new Map<string, Row>();
  const wakeups = createWakeups(60_000);
  let closed = false;
  const rowsOf = (stream: string): readonly Row[] => streams.get(stream) ?? [];
  const facts = { lastRevision: (stream: string) => rowsOf(stream).length - 1, find: (id: string) => byId.get(id) };

  function store(append: EncodedAppend, from: number): AppendResult {
    const rows = append.events.map((event, index) => ({ ...event, stream: append.stream, revision: from + index, place: log.length + index + 1 }));
    for (const row of rows) byId.set(row.id, row);
    log.push(...rows);
    const existing = streams.get(append.stream);
    if (existing) existing.push(...rows);
    else streams.set(append.stream, rows);
    wakeups.wake();
    return { ok: true, revision: BigInt(from + rows.length - 1), position: positionOf(log.length), duplicate: false };
  }

  async function* read(stream: string, { from, max, backwards = false, signal }: ReadOptions = {}) {
    const rows = rowsOf(stream);
    const wanted = backwards ? rows.slice(0, from === undefined ? undefined : Number(from) + 1).reverse() : rows.slice(Number(from ?? 0n));
    for (const row of wanted.slice(0, max)) {
      signal?.throwIfAborted();
      yield decodeEvent(row, row.place);
    }
  }

  function page(after: Position) {
    const rows = log.slice(Number(after), Number(after) + pageSize);
    return { events: rows.map((row) => decodeEvent(row, row.place)), more: rows.length === pageSize };
  }

  return {
    append: async (stream, events, expected, options) => {
      const append = encodeAppend(stream, events, expected);
      const refusal = tooLarge(append);
      if (refusal) return refusal;
      if (closed) return { ok: false, code: 'StoreUnavailable', message: 'The event store has been closed.' };
      if (options?.signal?.aborted) return { ok: false, code: 'OutcomeUnknown', message: 'The append was given up before it was sent.' };
      const verdict = judge(facts, append);
      return 'answer' in verdict ? verdict.answer : store(append, verdict.storeFrom);
    },
    read,
    tail: (after, { signal }) => followLog({ page, wakeups, closed: () => closed }, after, signal),
    head: async () => positionOf(log.length),
    epoch: async () => epoch,
    close: async () => {
      closed = true;
      wakeups.wake();
    },
  };
}
