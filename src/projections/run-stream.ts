import type { Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Sealer } from '../adapters/key-vault/sealer.ts';
import type { LiveEntry, LiveLog } from '../adapters/live-log/port.ts';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import { isUnopened, type Sealed } from '../domain/event.ts';
import type { RunItem, ToolPart, Usage } from '../domain/message.ts';
import { addUsage } from '../domain/pieces.ts';
import { type RunEvent, runStream, runs } from '../domain/run/index.ts';
import { createFilling } from '../domain/run/items.ts';
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
  /** Asked again at every event of the conversation; `false` ends the stream. */
  readonly allowed: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/**
 * What a run streams, from the live log while it runs, and from its events where the live log lacks something. Ends with `waiting` when the run waits for
 * somebody, or with `finish`, after the conversation has settled the run.
 */
export async function* runItems(parts: RunStreamParts, request: RunStreamRequest): AsyncGenerator<RunItem> {
  const { loader, sealer, liveLog, hub } = parts;
  const { conversationId, runId, messageId, segment, signal } = request;
  const waiter = createWaiter(signal);
  const conversation = conversationStream(conversationId);
  let recheck = false;
  const stop = [
    liveLog.subscribe(runId, waiter.wake),
    hub.subscribe(runStream(runId), waiter.wake),
    hub.subscribe(conversation, () => {
      recheck = true;
      waiter.wake();
    }),
  ];
  const filling = createFilling();
  let place = { segment, epoch: 0, sequence: -1 };
  let started = false;

  const live = async function* (until: number): AsyncGenerator<RunItem> {
    const entries = newestEpochs(await liveLog.read(runId, place));
    for (const entry of entries) {
      if (entry.segment > until) return;
      place = { segment: entry.segment, epoch: entry.epoch, sequence: entry.sequence };
      const opened = await sealer.open(entry.sealed as Sealed<{ items: RunItem[] }>);
      if (isUnopened(opened)) continue;
      for (const item of (opened as { items: RunItem[] }).items) {
        filling.hear(item);
        yield item;
      }
    }
  };

  try {
    while (!signal.aborted) {
      if (recheck) {
        recheck = false;
        if (!(await request.allowed())) return;
      }
      const { state: run } = await loader.load(runStream(runId), runs);
      const { status, model } = run;
      const current = run.segment;
      if (!started && status !== 'absent' && (current >= segment || status === 'ended')) {
        started = true;
        yield { type: 'start', runId, messageId, model: model ?? '' };
      }
      if (started) yield* live(request.only ? segment : Number.MAX_SAFE_INTEGER);
      const over = started && (status === 'ended' || (status === 'waiting' && current >= segment) || (request.only === true && current > segment));
      if (over) {
        const end = yield* fillFromEvents(parts, filling, request, request.only ? segment : current);
        if (status === 'ended' && (!request.only || end)) {
          while (!signal.aborted && (await loader.load(conversation, conversations)).state.active === runId) await waiter.next();
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

  async function* fillFromEvents(
    { store: log, sealer: opener }: RunStreamParts,
    fill: typeof filling,
    { segment: from }: RunStreamRequest,
    until: number,
  ): AsyncGenerator<RunItem, RunItem | undefined> {
    let at = 0;
    let step = 0;
    let usage: Usage | undefined;
    let finish: RunItem | undefined;
    for await (const recorded of log.read(runStream(runId))) {
      const event = recorded as unknown as RunEvent;
      if (event.type === 'RunResumed') at = event.data.segment;
      if (event.type === 'ModelCallStarted') step = event.data.step;
      if (at > until) break;
      const opened = 'sealed' in event.data ? await opener.open(event.data.sealed as Sealed<never>) : {};
      if (at >= from) yield* fill.missing(event, opened as never, step);
      else if (!isUnopened(opened))
        for (const part of (opened as { parts?: ({ type: string } & ToolPart)[] }).parts ?? []) if (part.type === 'tool') fill.recall(part);
      if (event.type === 'StepCompleted') usage = addUsage(usage, event.data.usage);
      if (event.type === 'RunEnded') {
        usage = addUsage(usage, event.data.usage);
        const { outcome, finishReason, error } = event.data;
        finish = { type: 'finish', outcome, finishReason, ...(usage ? { usage } : {}), ...(error ? { error } : {}) };
      }
    }
    return finish;
  }
}

/** What the live log holds of a run, of every segment. */
export async function liveItems(liveLog: LiveLog, sealer: Sealer, runId: string): Promise<readonly RunItem[]> {
  const items: RunItem[] = [];
  for (const entry of newestEpochs(await liveLog.read(runId))) {
    const opened = await sealer.open(entry.sealed as Sealed<{ items: RunItem[] }>);
    if (!isUnopened(opened)) items.push(...(opened as { items: RunItem[] }).items);
  }
  return items;
}

/** Within a segment only the highest epoch counts. */
function newestEpochs(entries: readonly LiveEntry[]): readonly LiveEntry[] {
  const highest = new Map<number, number>();
  for (const { segment, epoch } of entries) highest.set(segment, Math.max(highest.get(segment) ?? 0, epoch));
  return entries.filter(({ segment, epoch }) => epoch === highest.get(segment));
}
