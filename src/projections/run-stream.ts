import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { LiveEntry, LiveLog } from '../adapters/live-log/port.ts';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import { isUnopened, type Opened, type Sealed } from '../domain/event.ts';
import type { RunItem, Usage } from '../domain/message.ts';
import { addUsage, failureOf } from '../domain/pieces.ts';
import { type RunEvent, runStream, runs } from '../domain/run/index.ts';
import { createFilling, livePlace } from '../domain/run/items.ts';
import type { Hub } from './hub.ts';
import { createWaiter } from './waiter.ts';

export interface RunStreamParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly sealer: Sealer;
  readonly liveLog: LiveLog;
  readonly hub: Hub;
}

export interface RunStreamRequest {
  readonly conversationId: string;
  readonly runId: string;
  readonly messageId: string;
  /** Where to begin: a segment; 0 gives the whole message. */
  readonly segment: number;
  /** Only this segment: ends where the next one begins. */
  readonly only?: boolean;
  /** Asked again at every event of the conversation and of the streams to watch; `false` ends the stream. */
  readonly allowed: () => Promise<boolean>;
  readonly watch?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * What a run streams, from the live log while it runs, and from its events where the live log lacks something. Ends with `waiting` when the run waits for
 * somebody, or with `finish`, after the conversation has settled the run.
 */
export async function* runItems(parts: RunStreamParts, request: RunStreamRequest): AsyncGenerator<RunItem> {
  const { loader, liveLog, hub } = parts;
  const { conversationId, runId, messageId, segment, signal } = request;
  const waiter = createWaiter(signal);
  const conversation = conversationStream(conversationId);
  let recheck = false;
  const asks = (): void => {
    recheck = true;
    waiter.wake();
  };
  const stop = [
    liveLog.subscribe(runId, waiter.wake),
    hub.subscribe(runStream(runId), waiter.wake),
    ...[conversation, ...(request.watch ?? [])].map((stream) => hub.subscribe(stream, asks)),
  ];
  const filling = createFilling();
  const live = createLiveReader(parts, request, filling);
  const isRefused = async (): Promise<boolean> => {
    if (!recheck) return false;
    recheck = false;
    return !(await request.allowed());
  };
  let started = false;

  try {
    while (!signal.aborted) {
      if (await isRefused()) return;
      const { status, model, segment: current } = (await loader.load(runStream(runId), runs)).state;
      if (!started && status !== 'absent' && (current >= segment || status === 'ended')) {
        started = true;
        yield { type: 'start', runId, messageId, model: model ?? '' };
      }
      if (started) yield* live();
      const over = started && (status === 'ended' || (status === 'waiting' && current >= segment) || (request.only === true && current > segment));
      if (over) {
        const end = yield* itemsOfEvents(parts, request, filling, { segment: request.only ? segment : current });
        if (status === 'ended' && (!request.only || end)) {
          while (!signal.aborted && (await loader.load(conversation, conversations)).state.active === runId) {
            await waiter.next();
            if (await isRefused()) return;
          }
          if (end) yield end;
          return;
        }
        yield { type: 'waiting' };
        return;
      }
      await waiter.next();
    }
  } finally {
    for (const off of stop) off();
    waiter.close();
  }
}

/**
 * Reads on in the live log at every call. Where an entry is missing, the rest of its epoch is not believed and comes from the events; what an earlier epoch
 * left out comes from the events before the next one begins, so that nothing is given twice or out of order.
 */
function createLiveReader(parts: RunStreamParts, request: RunStreamRequest, filling: Filling): () => AsyncGenerator<RunItem> {
  const { liveLog, sealer } = parts;
  const { runId, segment, only } = request;
  let place = { segment, epoch: 0, sequence: -1 };
  let broken = false;

  async function* itemsOf(entry: LiveEntry): AsyncGenerator<RunItem> {
    if (entry.segment !== place.segment || entry.epoch !== place.epoch) {
      yield* itemsOfEvents(parts, request, filling, { segment: entry.segment, beforeEpoch: entry.epoch });
      place = { segment: entry.segment, epoch: entry.epoch, sequence: -1 };
      broken = false;
    }
    const opened = entry.sequence === place.sequence + 1 && !broken ? await sealer.open(entry.sealed, livePlace(entry)) : '[unreadable]';
    place.sequence = entry.sequence;
    broken = isUnopened(opened);
    if (isUnopened(opened)) return;
    for (const item of (opened as unknown as { items: RunItem[] }).items) {
      filling.hear(item);
      yield item;
    }
  }

  return async function* () {
    for (const entry of newestEpochs(await liveLog.read(runId, place))) {
      if (only && entry.segment > segment) break;
      yield* itemsOf(entry);
    }
    if (broken) yield* itemsOfEvents(parts, request, filling, { segment: place.segment, beforeEpoch: place.epoch + 1 });
  };
}

type Filling = ReturnType<typeof createFilling>;
interface Bounds {
  /** The last segment that counts. */
  readonly segment: number;
  /** Events from this epoch on do not count. */
  readonly beforeEpoch?: number;
}

/** What the events have and the reader has not been given. Answers the end of the run, where it is among them. */
async function* itemsOfEvents(
  { store, sealer }: RunStreamParts,
  { runId, segment: from }: RunStreamRequest,
  filling: Filling,
  { segment: until, beforeEpoch = Number.POSITIVE_INFINITY }: Bounds,
): AsyncGenerator<RunItem, RunItem | undefined> {
  let at = 0;
  let epoch = 1;
  let step = 0;
  let usage: Usage | undefined;
  if (epoch >= beforeEpoch) return undefined;
  for await (const recorded of store.read(runStream(runId))) {
    const event = recorded as unknown as RunEvent;
    if (event.type === 'RunResumed') ({ segment: at, epoch } = event.data);
    if (event.type === 'ModelCallStarted') step = event.data.step;
    if (at > until || epoch >= beforeEpoch) break;
    const opened = 'sealed' in event.data ? await sealer.open(event.data.sealed as Sealed<never>, event.id) : {};
    if (at >= from) yield* filling.missing(event, opened as never, step);
    else filling.recall(opened as never);
    if (event.type === 'StepCompleted' || event.type === 'RunEnded') usage = addUsage(usage, event.data.usage);
    if (event.type === 'RunEnded') {
      const { outcome, finishReason, error } = event.data;
      return {
        type: 'finish',
        outcome,
        finishReason,
        ...(usage ? { usage } : {}),
        ...(error ? { error: failureOf(error, opened as Opened<{ said?: string }>) } : {}),
      };
    }
  }
  return undefined;
}

/** What the live log holds of a run, of every segment. */
export async function liveItems(liveLog: LiveLog, sealer: Sealer, runId: string): Promise<readonly RunItem[]> {
  const items: RunItem[] = [];
  for (const entry of newestEpochs(await liveLog.read(runId))) {
    const opened = await sealer.open(entry.sealed, livePlace(entry));
    if (!isUnopened(opened)) items.push(...(opened as unknown as { items: RunItem[] }).items);
  }
  return items;
}

/** Within a segment only the highest epoch counts. */
function newestEpochs(entries: readonly LiveEntry[]): readonly LiveEntry[] {
  const highest = new Map<number, number>();
  for (const { segment, epoch } of entries) highest.set(segment, Math.max(highest.get(segment) ?? 0, epoch));
  return entries.filter(({ segment, epoch }) => epoch === highest.get(segment));
}
