import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import type { Loader } from '../adapters/event-store/loader.ts';
import { type EventStore, type Position, START } from '../adapters/event-store/port.ts';
import type { Tell } from '../commands/command.ts';
import type { RecordedEvent } from '../domain/event.ts';
import { ofStream, ReactionUnparked } from '../domain/reaction.ts';
import { createParking } from './parking.ts';
import { done, type Reaction, type Verdict } from './reaction.ts';
import { openReactionPlaces, type ReactionPlaces, readReactionPlaces, saveReactionPlaces } from './reaction-places.ts';
import { type Shard, wholeLog } from './shard.ts';

export interface ReactorParts {
  readonly store: EventStore;
  readonly loader: Loader;
  readonly tell: Tell;
  /** Where checkpoints lie: never among the views, so that throwing those away is safe. */
  readonly state: DocumentStore;
  readonly reactions: readonly Reaction[];
  /** The part of the log that is dealt with here; default: all of it. */
  readonly shard?: Shard;
  readonly attempts?: number;
  /** Milliseconds before the n-th repeat. */
  readonly backoff?: (attempt: number) => number;
  readonly onProblem?: (reaction: string, event: RecordedEvent | undefined, reason: string) => void;
}

export interface ReactionStatus {
  readonly reaction: string;
  readonly position: Position;
  readonly inFlight: number;
  readonly stopped?: string;
}

export interface Reactor {
  /** Follows the log until the signal, then waits for what is under way. */
  run(signal: AbortSignal): Promise<void>;
  status(): readonly ReactionStatus[];
}

const IN_FLIGHT = 1000;
const SAVE_EVERY_MS = 500;
const notYet = { verb: 'park', reason: 'An earlier event of this stream is parked.' } as const satisfies Verdict;

interface Track {
  readonly reaction: Reaction;
  /** Positions handed out and not dealt with, in order, each with the last one before it: stores know only positions of their own. */
  readonly open: Map<Position, Position>;
  seen: Position;
  stopped?: string;
}

/**
 * Hands events to reactions: of one stream in order, of different streams side by side; the checkpoint stands before the first event not dealt with.
 * What fails again and again is parked, and later events of its stream behind it, until somebody unparks it.
 */
export function createReactor(parts: ReactorParts): Reactor {
  const { store, loader, tell, state, shard = wholeLog, attempts = 5, backoff = (attempt) => Math.min(5000, 100 * 2 ** attempt), onProblem } = parts;
  const parking = createParking({ tell, loader, backoff, ...(onProblem ? { onProblem } : {}) });
  /** An unparked event is dealt with as if it had just come, behind those of its stream that failed again. */
  const unpark: Reaction = {
    name: 'unpark',
    types: [ReactionUnparked.type],
    from: 'start',
    handle: async ({ id: occasion, data }, signal) => {
      const { reaction: name, stream, revision } = data as { reaction: string; stream: string; revision: string };
      const reaction = parts.reactions.find((each) => each.name === name);
      if (!reaction) return done;
      for await (const event of store.read(stream, { from: BigInt(revision), max: 1 })) {
        const behind = ofStream(stream, await parking.of(reaction)).length > 0;
        const verdict = behind ? notYet : await handled(reaction, event, signal);
        if (verdict.verb === 'done') return done;
        if (verdict.verb === 'retry' && verdict.unlimited) return verdict;
        const what = { reaction, event, attempts: behind ? 0 : 1, reason: verdict.reason, occasion };
        const gaveUp = await parking.giveUp(verdict.verb === 'skip' ? 'skip' : 'park', what, signal);
        if (gaveUp !== 'recorded') return { verb: 'retry', reason: verdict.reason, unlimited: true };
      }
      return done;
    },
  };
  const tracks: Track[] = [...parts.reactions, unpark].map((reaction) => ({ reaction, open: new Map(), seen: START }));
  const queues = new Map<string, Promise<void>>();
  const room = createWaiter();
  let inFlight = 0;
  let epoch = '';
  /** Those of reactions that another release knows are kept for it. */
  let stored: ReactionPlaces = new Map();

  const placeOf = (track: Track): Position => {
    const [first] = track.open.values();
    return first ?? track.seen;
  };
  /** What is unparked belongs to the stream that it was parked from. */
  const isOurs = ({ reaction }: Track, { stream, data }: RecordedEvent): boolean => shard.has(reaction === unpark ? String(data.stream) : stream);
  const save = async (): Promise<void> => {
    const places = new Map([...stored, ...tracks.map((track) => [track.reaction.name, placeOf(track)] as const)]);
    if ([...places].every(([name, place]) => place === stored.get(name))) return;
    try {
      await saveReactionPlaces(state, shard, epoch, places);
      stored = places;
    } catch (error) {
      onProblem?.('all', undefined, `their places could not be saved: ${reasonOf(error)}`);
    }
  };

  /** Whether the event itself or an earlier one of its stream is parked; what has been unparked is dealt with first. */
  const standingOf = async ({ reaction }: Track, { id, stream }: RecordedEvent, signal: AbortSignal): Promise<'parked' | 'behind' | 'free'> => {
    let parked = await parking.of(reaction);
    if (parked.events.has(id)) return 'parked';
    const unparking = tracks.find((track) => track.reaction === unpark);
    const unparkedAt = parked.unparkedAt.get(stream);
    if (unparkedAt !== undefined) {
      while (!signal.aborted && unparking && placeOf(unparking) < unparkedAt) await sleep(5);
      parked = await parking.of(reaction);
    }
    return ofStream(stream, parked).length > 0 ? 'behind' : 'free';
  };

  const react = async (track: Track, event: RecordedEvent, signal: AbortSignal): Promise<boolean> => {
    const { reaction } = track;
    for (;;) {
      const standing = await standingOf(track, event, signal);
      if (standing === 'parked') return true;
      if (standing === 'free') break;
      const gaveUp = await parking.giveUp('park', { reaction, event, attempts: 0, reason: notYet.reason }, signal);
      if (gaveUp !== 'again') return gaveUp === 'recorded';
    }
    const giveUp = async (verb: 'park' | 'skip', attempt: number, reason: string): Promise<boolean> =>
      (await parking.giveUp(verb, { reaction, event, attempts: attempt, reason }, signal)) === 'recorded';
    for (let attempt = 1; !signal.aborted && !track.stopped; attempt++) {
      const verdict = await handled(reaction, event, signal);
      switch (verdict.verb) {
        case 'done':
          return true;
        case 'skip':
        case 'park':
          return giveUp(verdict.verb, attempt, verdict.reason);
        case 'stop':
          track.stopped = verdict.reason;
          onProblem?.(reaction.name, event, verdict.reason);
          return false;
        case 'retry':
          if (attempt >= attempts && !verdict.unlimited) return giveUp('park', attempt, verdict.reason);
          await sleep(backoff(attempt), undefined, { signal }).catch(() => undefined);
          break;
        default:
          verdict satisfies never;
      }
    }
    return false;
  };

  const dispatch = (track: Track, event: RecordedEvent, before: Position, signal: AbortSignal): void => {
    const key = `${track.reaction.name} ${event.stream}`;
    track.open.set(event.position, before);
    inFlight++;
    const work = (queues.get(key) ?? Promise.resolve()).then(async () => {
      try {
        if (await react(track, event, signal)) track.open.delete(event.position);
      } catch (error) {
        track.stopped = reasonOf(error);
        onProblem?.(track.reaction.name, event, track.stopped);
      }
      inFlight--;
      room.wake();
      if (queues.get(key) === work) queues.delete(key);
    });
    queues.set(key, work);
  };

  const begin = async (): Promise<void> => {
    epoch = await store.epoch();
    const head = await store.head();
    await openReactionPlaces(state, shard, epoch);
    stored = await readReactionPlaces(state, shard, epoch);
    for (const track of tracks) {
      const place = stored.get(track.reaction.name);
      track.seen = place !== undefined && place <= head ? place : track.reaction.from === 'start' ? START : head;
    }
    await save();
  };

  return {
    status: () =>
      tracks.map((track) => ({
        reaction: track.reaction.name,
        position: placeOf(track),
        inFlight: track.open.size,
        ...(track.stopped ? { stopped: track.stopped } : {}),
      })),
    async run(signal) {
      await begin();
      const from = tracks.reduce((low, { seen }) => (seen < low ? seen : low), tracks[0]?.seen ?? START);
      let savedAt = 0;
      let before = from;
      for await (const { events, seen } of store.tail(from, { signal })) {
        for (const event of events) {
          while (inFlight >= IN_FLIGHT && !signal.aborted) await room.next();
          for (const track of tracks)
            if (!track.stopped && event.position > track.seen && track.reaction.types.includes(event.type) && isOurs(track, event))
              dispatch(track, event, before, signal);
          before = event.position;
        }
        before = seen;
        for (const track of tracks) if (!track.stopped && seen > track.seen) track.seen = seen;
        if (Date.now() - savedAt >= SAVE_EVERY_MS) {
          savedAt = Date.now();
          await save();
        }
      }
      while (inFlight > 0) await room.next();
      await save();
    },
  };
}

/** A server that is away is no fault of the event. */
const handled = (reaction: Reaction, event: RecordedEvent, signal: AbortSignal): Promise<Verdict> =>
  reaction.handle(event, signal).catch(
    (error: unknown): Verdict => ({
      verb: 'retry',
      reason: reasonOf(error),
      unlimited: error instanceof Error && 'code' in error && error.code === 'StoreUnavailable',
    }),
  );

function createWaiter(): { wake(): void; next(): Promise<void> } {
  let resume: (() => void) | undefined;
  return { wake: () => resume?.(), next: () => new Promise((resolve) => (resume = resolve)) };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
