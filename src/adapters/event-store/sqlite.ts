import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import type { RecordedEvent } from '../../domain/event.ts';
import { encodeAppend, tooLarge } from './encode.ts';
import { createWakeups, followLog, type LogPage } from './follow-log.ts';
import type { EventStore, Position, ReadOptions } from './port.ts';
import { ResultCode, resultCode } from './sqlite-errors.ts';
import { openSqliteReader, type SqliteReader } from './sqlite-reader.ts';
import { createStreamEnds, type StreamEnds } from './stream-ends.ts';
import { startWriteQueue, type WriteQueue } from './write-queue.ts';

export interface SqliteEventStoreOptions {
  /** Holds `events.db`; made where it is missing. */
  readonly folder: string;
  /** For a further thread beside the writing one: appends throw, tails are woken by every append of the process. */
  readonly readOnly?: boolean;
  /** How soon a tail sees what another process appended, in milliseconds. */
  readonly pollMs?: number;
}

/**
 * The log in one SQLite file. An append that was answered `ok` survives the loss of power. The owner's lock is taken elsewhere: at most one process may
 * open a folder without `readOnly`. Rejects, with a sentence that says what to do, when the log cannot be opened.
 */
export async function openSqliteEventStore({ folder, readOnly = false, pollMs = 250 }: SqliteEventStoreOptions): Promise<EventStore> {
  const wakeups = createWakeups(pollMs);
  const channelName = `annals-events:${resolve(folder)}`;
  const writer = readOnly ? undefined : await startWriteQueue({ folder, channelName }, wakeups.wake);
  const reader = await openReader(folder, writer);
  const channel = readOnly ? listen(channelName, wakeups.wake) : undefined;
  const ends = createStreamEnds();
  let closed = false;

  return {
    append: async (stream, events, expected, { signal } = {}) => {
      if (!writer) throw new Error('This event store was opened for reading only.');
      const append = encodeAppend(stream, events, expected);
      return tooLarge(append) ?? (await ends.during(stream, writer.append(append, signal)));
    },
    read: (stream, options = {}) => (isPastEnd(ends, stream, options) ? nothing() : readStream({ reader, ends: writer && ends }, stream, options)),
    tail: (after, { signal }) => followLog({ page: (seen) => pageOf(reader, seen), wakeups, closed: () => closed }, after, signal),
    head: async () => reader.head(),
    epoch: async () => reader.epoch(),
    close: async () => {
      if (closed) return;
      closed = true;
      wakeups.wake();
      channel?.close();
      reader.close();
      await writer?.close();
    },
  };
}

/** Only for threads without the writer: the thread that has it is woken by the answers to its appends. */
function listen(channelName: string, wake: () => void): BroadcastChannel {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = wake;
  channel.unref();
  return channel;
}

async function openReader(folder: string, writer: WriteQueue | undefined): Promise<SqliteReader> {
  try {
    return openSqliteReader(folder);
  } catch (error) {
    await writer?.close();
    throw error;
  }
}

const isPastEnd = (ends: StreamEnds, stream: string, { from, backwards = false, signal }: ReadOptions): boolean =>
  from !== undefined && !backwards && !signal?.aborted && ends.isBefore(stream, from);

async function* nothing(): AsyncGenerator<RecordedEvent> {}

/** `ends` only where the writer is: they learn from what is read. */
async function* readStream(
  { reader, ends }: { readonly reader: SqliteReader; readonly ends: StreamEnds | undefined },
  stream: string,
  { from, max = Number.MAX_SAFE_INTEGER, backwards = false, signal }: ReadOptions,
): AsyncGenerator<RecordedEvent> {
  let next = Number(from ?? (backwards ? Number.MAX_SAFE_INTEGER : 0n));
  let left = max;
  while (left > 0 && next >= 0) {
    signal?.throwIfAborted();
    const { events, more } = backwards ? reader.backwards(stream, next, left) : reader.forwards(stream, next, left);
    const last = events.at(-1);
    if (!more && !backwards) ends?.found(stream, last?.revision ?? BigInt(next) - 1n);
    yield* events;
    left -= events.length;
    if (!more || !last || left <= 0) return;
    next = Number(last.revision) + (backwards ? -1 : 1);
    await setImmediate();
  }
}

const passing: readonly number[] = [ResultCode.busy, ResultCode.io, ResultCode.cannotOpen];

/** A disk or a lock that fails for the moment leaves a tail waiting; damage ends it. */
function pageOf(reader: SqliteReader, seen: Position): LogPage | undefined {
  try {
    return reader.after(seen);
  } catch (error) {
    if (error instanceof Error && passing.includes(resultCode(error.cause))) return undefined;
    throw error;
  }
}
