import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint, DocumentStore, Operation } from '../adapters/document-store/port.ts';
import { type EventStore, type Position, START, type TailBatch } from '../adapters/event-store/port.ts';
import type { RecordedEvent } from '../domain/event.ts';
import { holdsLast } from './checkpoint.ts';
import { chunksByKeys, foldInto } from './fold-events.ts';
import { collectionOf, type View } from './view.ts';

export interface ViewStatus {
  readonly view: string;
  readonly version: number;
  /** `halted`: an event could not be folded; queries still answer, with the position before it. */
  readonly state: 'catching-up' | 'live' | 'halted';
  readonly position: Position;
  /** Age of the oldest event not folded yet, 0 when there is none. */
  readonly lagMs: number;
  readonly reason?: string;
}

export interface RebuildResult {
  readonly view: string;
  readonly events: number;
  readonly documents: number;
  /** The rebuild gave the same bytes as following the log live. */
  readonly equal: boolean;
}

export interface ProjectorOptions {
  readonly store: EventStore;
  readonly documents: DocumentStore;
  readonly views: readonly View[];
  readonly now?: () => number;
  /** Called after each batch with how far each view has come. */
  readonly onProgress?: (statuses: readonly ViewStatus[]) => void;
}

export interface Projector {
  /** Opens the collections and follows the log until the signal; resolves when it has stopped. */
  run(signal: AbortSignal): Promise<void>;
  status(): readonly ViewStatus[];
  /** Builds the view anew beside the live one, compares their digests at one position, and switches. */
  rebuild(view: string, onProgress?: (events: number) => void): Promise<RebuildResult>;
}

/** How much of the log a rebuild folds into one commit. */
const IDLE_CHECKPOINT_MS = 1000;
const MAX_REST_MS = 10;

interface Lane {
  readonly view: View;
  readonly types: ReadonlySet<string>;
  collection: string;
  position: Position;
  savedAt: number;
  saved: Position;
  last?: Checkpoint['last'];
  state: ViewStatus['state'];
  waitingSince?: number;
  reason?: string;
}

/** Folds the log into views: one tail, fanned out by type. A view that an event breaks is halted before it; the others go on. */
export function createProjector({ store, documents, views, now = Date.now, onProgress }: ProjectorOptions): Projector {
  const lanes: Lane[] = views.map((view) => ({
    view,
    types: new Set(view.types),
    collection: collectionOf(view),
    position: START,
    saved: START,
    savedAt: 0,
    state: 'catching-up',
  }));
  let epoch = '';
  let exclusive: Promise<unknown> = Promise.resolve();
  /** Up to here the lanes have been given the log. */
  let given = START;

  const status = (): readonly ViewStatus[] =>
    lanes.map(({ view, state, position, waitingSince, reason }) => ({
      view: view.name,
      version: view.version,
      state,
      position,
      lagMs: waitingSince === undefined ? 0 : Math.max(0, now() - waitingSince),
      ...(reason === undefined ? {} : { reason }),
    }));
  const report = (): void => onProgress?.(status());

  /** Says also whether the view has caught up, for processes that only read it. */
  const checkpointOf = (lane: Lane, position: Position): Checkpoint => ({
    position,
    epoch,
    meta: lane.state,
    ...(lane.last ? { last: lane.last } : {}),
  });
  const save = async (lane: Lane, operations: readonly Operation[], position: Position): Promise<void> => {
    await documents.commit(lane.collection, operations, checkpointOf(lane, position));
    lane.position = lane.saved = position;
    lane.savedAt = now();
  };

  /** Folds a run of events into the lane's documents and commits them with the checkpoint; an event that throws ends it before that event. */
  const foldBatch = async (lane: Lane, events: readonly RecordedEvent[], seen: Position): Promise<void> => {
    for (const batch of chunksByKeys(lane.view, events)) {
      const { operations, folded, problem } = await foldInto(lane.view, documents, lane.collection, batch);
      const last = folded.at(-1);
      if (last) {
        lane.last = { stream: last.stream, revision: String(last.revision), id: last.id };
        await save(lane, operations, last.position);
      }
      if (problem) {
        lane.state = 'halted';
        lane.reason = problem;
        return;
      }
    }
    if (lane.position >= seen) return;
    if (now() - lane.savedAt >= IDLE_CHECKPOINT_MS) await save(lane, [], seen);
    else lane.position = seen;
  };

  const apply = async (lane: Lane, { events, seen, caughtUp }: TailBatch): Promise<void> => {
    if (lane.state === 'halted') return;
    const mine = events.filter((event) => event.position > lane.position && lane.types.has(event.type));
    const oldest = mine[0];
    if (oldest) lane.waitingSince = Date.parse(oldest.metadata.time);
    await foldBatch(lane, mine, seen);
    if (lane.state === ('halted' as ViewStatus['state'])) return;
    if (!caughtUp) return;
    delete lane.waitingSince;
    if (lane.state === 'live') return;
    lane.state = 'live';
    await save(lane, [], lane.position);
  };

  const open = async (): Promise<void> => {
    epoch = await store.epoch();
    for (const lane of lanes) {
      await documents.open(lane.collection, lane.view.indexes);
      const checkpoint = await documents.checkpoint(lane.collection);
      if (checkpoint && !(checkpoint.epoch === epoch && (await holdsLast(store, checkpoint)))) {
        await documents.drop(lane.collection);
        await documents.open(lane.collection, lane.view.indexes);
      } else if (checkpoint) {
        lane.position = lane.saved = checkpoint.position;
        lane.last = checkpoint.last;
      }
    }
  };

  /** Never while a rebuild switches. */
  const applyToAll = async (batch: TailBatch): Promise<void> => {
    const applied = exclusive.then(() => Promise.all(lanes.map((lane) => apply(lane, batch))));
    exclusive = applied;
    await applied;
    if (batch.seen > given) given = batch.seen;
    report();
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    await open();
    report();
    for await (const batch of store.tail(lowest(lanes), { signal })) {
      const begun = now();
      await applyToAll(batch);
      if (batch.caughtUp) await rest(now() - begun, signal);
    }
    for (const lane of lanes) if (lane.position > lane.saved && lane.state !== 'halted') await save(lane, [], lane.position);
  };

  const rebuild = async (name: string, onProgress?: (events: number) => void): Promise<RebuildResult> => {
    const lane = lanes.find(({ view }) => view.name === name);
    if (!lane) throw new TypeError(`There is no view ${name}. There are: ${lanes.map(({ view }) => view.name).join(', ')}.`);
    const beside: Lane = {
      ...lane,
      collection: `${lane.collection}+rebuild`,
      position: START,
      saved: START,
      savedAt: now(),
      last: undefined,
      state: 'catching-up',
      reason: undefined,
    };
    await documents.drop(beside.collection);
    await documents.open(beside.collection, lane.view.indexes);
    const stop = new AbortController();
    let count = 0;
    const follow = async (until: () => Position): Promise<void> => {
      if (beside.position >= until()) return;
      for await (const batch of store.tail(beside.position, { signal: stop.signal })) {
        const events = batch.events.filter((event) => event.position <= until());
        const seen = batch.seen < until() ? batch.seen : until();
        await apply(beside, { events, seen, caughtUp: false });
        if (beside.state === 'halted') throw new Error(`The rebuild of ${name} stopped: ${beside.reason}. The view in use is unchanged.`);
        count += events.length;
        onProgress?.(count);
        if (beside.position >= until()) return;
      }
    };
    await follow(() => lane.position);
    const finish = async (): Promise<RebuildResult> => {
      await follow(() => lane.position);
      if (lane.state !== 'halted') await save(lane, [], lane.position);
      const [old, fresh] = [await documents.digest(lane.collection), await documents.digest(beside.collection)];
      // A halted view has missed what came since.
      if (given > lane.position) await follow(() => given);
      beside.state = lane.state === 'halted' ? 'live' : lane.state;
      await save(beside, [], beside.position);
      await documents.rename(beside.collection, lane.collection);
      lane.last = beside.last;
      lane.position = lane.saved = beside.position;
      if (lane.state === 'halted') {
        lane.state = 'live';
        delete lane.reason;
      }
      return { view: name, events: count, documents: fresh.count, equal: old.digest === fresh.digest };
    };
    const done = exclusive.then(finish);
    exclusive = done.catch(() => undefined);
    return done;
  };

  return { run, status, rebuild };
}

/** As long as the work took: under load events gather meanwhile into larger batches, which cost less each; a single one has been shown already. */
const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  ms > 0 ? sleep(Math.min(ms, MAX_REST_MS), undefined, { signal }).catch(() => undefined) : Promise.resolve();

const lowest = (lanes: readonly Lane[]): Position =>
  lanes.reduce((low, { position }) => (position < low ? position : low), lanes[0]?.position ?? START);
