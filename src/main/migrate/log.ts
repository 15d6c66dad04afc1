import { leafOf, storedEvent } from '../../adapters/event-store/leaf.ts';
import { type EventStore, type EventToAppend, type Expected, type Position, START } from '../../adapters/event-store/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import { StartRefused } from '../refused.ts';

/** So many events, the last one at this position of the source. */
export type OnProgress = (events: number, at: Position) => void;

/** Of one append, in characters of its events' data and metadata: as large as is quick, and far below any limit. */
const MAX_APPEND = 256 * 1024;
const MAX_EVENTS = 100;

/** How far a log is copied: so many events, the last one at this position of the source. */
export interface Copied {
  readonly events: number;
  readonly at: Position;
}

/** The log after the position, up to where it ended when this began. */
export async function* eventsOf(store: EventStore, after: Position = START): AsyncGenerator<RecordedEvent> {
  const head = await store.head();
  if (head <= after) return;
  const stop = new AbortController();
  try {
    for await (const { events, seen } of store.tail(after, { signal: stop.signal })) {
      for (const event of events) if (event.position <= head) yield event;
      if (seen >= head) return;
    }
  } finally {
    stop.abort();
  }
}

/** How much of the source's log the target has. Throws `StartRefused` when it has anything else. */
export async function copiedSoFar(source: EventStore, target: EventStore, onProgress: OnProgress): Promise<Copied> {
  let copied: Copied = { events: 0, at: START };
  if ((await target.head()) === START) return copied;
  const events = eventsOf(source);
  for await (const there of eventsOf(target)) {
    const { value: event } = await events.next();
    if (!event || !leaf(event).equals(leaf(there))) {
      await events.return(undefined);
      const what = event ? 'another log than the source' : 'more than the source: it has been used since, or another log';
      throw new StartRefused(`The target holds ${what} (see ${there.stream}, revision ${there.revision}): give an empty one. Nothing was changed.`);
    }
    copied = { events: copied.events + 1, at: event.position };
    onProgress(copied.events, copied.at);
  }
  await events.return(undefined);
  return copied;
}

/** Appends what is missing, in order, each event at its own revision: an append that was under way when a former migration died is the same append again. */
export async function copyLog(
  { source, target, window }: { readonly source: EventStore; readonly target: EventStore; readonly window: number },
  { events: before, at }: Copied,
  onProgress: OnProgress,
): Promise<void> {
  let done = before;
  let waiting: RecordedEvent[][] = [];
  const send = async (): Promise<void> => {
    const sent = waiting;
    waiting = [];
    await Promise.all(sent.map((events) => append(target, events)));
    done += sent.reduce((sum, { length }) => sum + length, 0);
    const last = sent.at(-1)?.at(-1);
    if (last) onProgress(done, last.position);
  };
  for await (const events of appendsOf(eventsOf(source, at))) {
    waiting.push(events);
    if (waiting.length >= window) await send();
  }
  await send();
}

/** Neighbours of one stream go together. The cuts depend on the log alone, never on how it is read. */
export async function* appendsOf(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent[]> {
  let group: RecordedEvent[] = [];
  let size = 0;
  for await (const event of events) {
    const more = sizeOf(event);
    if (group.length > 0 && (group[0]?.stream !== event.stream || group.length >= MAX_EVENTS || size + more > MAX_APPEND)) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(event);
    size += more;
  }
  if (group.length > 0) yield group;
}

async function append(target: EventStore, events: readonly RecordedEvent[]): Promise<void> {
  const [first] = events;
  if (!first) return;
  const expected: Expected = first.revision === 0n ? 'noStream' : first.revision - 1n;
  const result = await target.append(first.stream, events.map(toAppend), expected);
  if (result.ok) return;
  const why =
    result.code === 'WrongExpectedRevision'
      ? `${first.stream} has changed in the target meanwhile: let nobody else use it, and repeat the command, it goes on where it was.`
      : `${result.message} Then repeat the command: it goes on where it was.`;
  throw new StartRefused(why);
}

const toAppend = ({ id, type, version, data, metadata }: RecordedEvent): EventToAppend => ({ id, type, version, data, metadata });
const sizeOf = ({ data, metadata }: RecordedEvent): number => JSON.stringify(data).length + JSON.stringify(metadata).length;

export const leaf = (event: RecordedEvent): Buffer => leafOf(storedEvent(event));
