import { encodeAppend } from './encode.ts';
import { type Appender, createAppender, type Proposal } from './eventstoredb/append.ts';
import { type Connection, createConnection } from './eventstoredb/connection.ts';
import { beginEpoch, currentEpoch } from './eventstoredb/epoch.ts';
import { createHead, type Head } from './eventstoredb/head.ts';
import { readEvents } from './eventstoredb/read.ts';
import type { Reading } from './eventstoredb/reading.ts';
import { positionAt, propose, requireVisible, tooLarge, versioned } from './eventstoredb/stored.ts';
import { tailEvents } from './eventstoredb/tail.ts';
import type { AppendResult, EventStore } from './port.ts';

export interface EventStoreDbOptions {
  /** `esdb://user:password@host:2113?tls=true`, or `esdb+discover://` for a cluster. */
  readonly url: string;
  /** How long one attempt of an append waits for its answer, in ms. */
  readonly appendTimeoutMs?: number;
  /** How long an append that may have been stored is repeated before its outcome is unknown. */
  readonly settleMs?: number;
  /** How long an append that has not left, because no server is there, is tried. */
  readonly unreachableMs?: number;
  /** How long a reading waits for the server, and a tail for a sign of life, before it is begun again. */
  readonly silenceMs?: number;
  /** How long a reading is begun again before the store counts as lost. */
  readonly readLimitMs?: number;
}

interface Open {
  readonly reading: Reading;
  readonly append: Appender;
  readonly close: () => void;
}

/**
 * The log in an EventStoreDB (20.10 and later) or a KurrentDB. Streams beginning with `$` or `annals_` are refused with a `TypeError`, as are event types
 * beginning with `$`. `duplicate` is told of what stood in the log when this process last looked: a repeat of what another process stored a moment ago may
 * count as new, never the other way round. Rejects, with a sentence that says what to do, when the server cannot be reached or refuses us.
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  const { reading, append, close } = await open(options);
  const head = createHead(reading);
  const epoch = (ending?: AbortSignal) => currentEpoch(reading, append, ending);
  const pending = new Set<Promise<AppendResult>>();
  let closed = false;

  async function store(proposal: Proposal, signal: AbortSignal | undefined): Promise<AppendResult> {
    const known = head.known();
    const settled = await append(proposal, signal);
    if ('answer' in settled) return settled.answer;
    const { revision, place } = settled.stored;
    const position = place === undefined ? await confirmed(reading, head, proposal, revision) : positionAt(place);
    if (position === undefined) return { ok: false, code: 'StoreUnavailable', message: removed(proposal.stream) };
    head.note(position);
    return { ok: true, revision, position, duplicate: position <= known };
  }

  const whole = async () => {
    if (closed) return;
    closed = true;
    await Promise.allSettled(pending);
    close();
  };

  try {
    await Promise.all([head.find(), epoch()]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    append: async (stream, events, expected, { signal } = {}) => {
      const encoded = encodeAppend(stream, events.map(versioned), expected);
      requireVisible(stream, encoded.events);
      const proposal = { stream, expected, events: encoded.events.map(propose) };
      const refusal = tooLarge(stream, proposal.events);
      if (refusal) return refusal;
      if (closed) return { ok: false, code: 'StoreUnavailable', message: 'The event store has been closed.' };
      if (signal?.aborted) return { ok: false, code: 'OutcomeUnknown', message: 'The append was given up before it was sent.' };
      const storing = store(proposal, signal);
      pending.add(storing);
      return storing.finally(() => pending.delete(storing));
    },
    read: (stream, readOptions = {}) => readEvents(reading, head, stream, readOptions),
    tail: (after, { signal }) => tailEvents({ reading, head, epoch }, after, signal),
    head: () => head.find(),
    epoch: () => epoch(),
    close: whole,
  };
}

/** Begins a new life of the log: positions handed out before mean nothing any more. Processes that run meanwhile have to be restarted. */
export async function renewEventStoreDbEpoch(options: EventStoreDbOptions): Promise<void> {
  const { append, close } = await open(options);
  try {
    await beginEpoch(append);
  } finally {
    close();
  }
}

/** Appends have a connection of their own: a slow reading never cuts them, and they never cut a tail. */
async function open(options: EventStoreDbOptions): Promise<Open> {
  const { url, appendTimeoutMs = 5000, settleMs = 10_000, unreachableMs = 3000, silenceMs = 4000, readLimitMs = 10_000 } = options;
  const closing = new AbortController();
  const connections: readonly [Connection, Connection] = [await createConnection(url), await createConnection(url)];
  const [connection, appending] = connections;
  return {
    reading: { connection, quietMs: silenceMs, limitMs: readLimitMs, closing: closing.signal },
    append: createAppender(appending, { attemptMs: appendTimeoutMs, settleMs, unreachableMs }),
    close: () => {
      closing.abort();
      for (const one of connections) one.close();
    },
  };
}

/** A success without a position: the server took the ids for a repeat, but the stream may have been removed behind our back. */
async function confirmed(reading: Reading, head: Head, { stream, events }: Proposal, revision: bigint): Promise<string | undefined> {
  const id = events.at(-1)?.event.id;
  for await (const event of readEvents(reading, head, stream, { from: revision, max: 1 })) {
    if (event.id === id && event.revision === revision) return event.position;
  }
  return undefined;
}

const removed = (stream: string): string =>
  `The stream ${stream} was removed on the event store, where nothing may ever be removed: restore it from a backup.`;
