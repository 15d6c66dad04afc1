import type { RecordedEvent } from '../../../domain/event.ts';
import { type Position, START, type TailBatch } from '../port.ts';
import { arrivals } from './arrivals.ts';
import { createBackoff } from './backoff.ts';
import { isBug, Silence, spoilsClient } from './failures.ts';
import type { Head } from './head.ts';
import type { Reading } from './reading.ts';
import { type Arrived, decode, EVENT_STREAMS, placeOf, positionAt } from './stored.ts';

/** Events that a subscription holds ready at most, twice; the server waits meanwhile. */
const BUFFERED = 128;

export interface Tailing {
  readonly reading: Reading;
  readonly head: Head;
  readonly epoch: (signal: AbortSignal) => Promise<string>;
}

interface Followed {
  seen: Position;
  /** A caught-up batch has been handed out since the tail was last behind. */
  told: boolean;
}

/** Resubscribes for ever, always after the last event it has handed out. Throws only when the log has been replaced by another, or an event is damaged. */
export async function* tailEvents(tailing: Tailing, after: Position, signal: AbortSignal): AsyncGenerator<TailBatch> {
  const ended = AbortSignal.any([signal, tailing.reading.closing]);
  const backoff = createBackoff();
  const state: Followed = { seen: after, told: false };
  let life: string | undefined;
  while (!ended.aborted) {
    const client = tailing.reading.connection.client();
    try {
      const epoch = await tailing.epoch(ended);
      life ??= epoch;
      if (epoch !== life) throw new RangeError('The event log has begun a new epoch, old positions mean nothing in it: restart the server.');
      for await (const batch of followOnce(tailing, state, ended)) {
        backoff.reset();
        yield batch;
        if (ended.aborted) return;
      }
    } catch (error) {
      if (ended.aborted) return;
      if (isBug(error)) throw error;
      if (spoilsClient(error)) tailing.reading.connection.renew(client);
    }
    await backoff.pause(ended);
  }
}

/** One subscription, until it breaks. */
async function* followOnce({ reading, head }: Tailing, state: Followed, signal: AbortSignal): AsyncGenerator<TailBatch> {
  let goal = await head.find(signal);
  const batchOf = (events: readonly RecordedEvent[]): TailBatch => {
    state.told = state.seen >= goal;
    return { events, seen: state.seen, caughtUp: state.told };
  };
  if (state.seen >= goal && !state.told && !signal.aborted) yield batchOf([]);
  const { source, watch } = subscribe(reading, state.seen);
  let due: Position | undefined;
  for await (const arrived of arrivals(source, { quietMs: reading.quietMs / 2, signal })) {
    if (arrived.length === 0) {
      if (watch.showedLife()) continue;
      // What stood in the log at the last look should have come by now: the subscription is dead without having said so.
      if (due !== undefined && due > state.seen) throw new Silence('a subscription brought nothing, though there is something new');
      due = await head.find(signal);
      continue;
    }
    const events = arrived.flatMap((one) => eventAfter(state.seen, one) ?? []);
    const last = events.at(-1);
    if (!last) continue;
    state.seen = last.position;
    head.note(last.position);
    if (state.seen >= goal && arrived.length >= BUFFERED) goal = await head.find(signal);
    yield batchOf(events);
  }
}

function eventAfter(seen: Position, arrived: Arrived): RecordedEvent | undefined {
  const place = placeOf(arrived);
  if (place === undefined || positionAt(place) <= seen) return undefined;
  return decode(arrived, positionAt(place));
}

/** Checkpoints only show that the subscription lives: on servers before 2025-04 those of a filter may skip events, so nothing is resumed from them. */
function subscribe({ connection }: Reading, after: Position) {
  const { library } = connection;
  const place = BigInt(after);
  let alive = false;
  const filter = library.streamNameFilter({
    regex: EVENT_STREAMS,
    checkpointReached: () => {
      alive = true;
    },
  });
  const fromPosition = after === START ? library.START : { commit: place, prepare: place };
  const source = connection.client().subscribeToAll({ fromPosition, filter }, { highWaterMark: BUFFERED });
  const showedLife = (): boolean => {
    const was = alive;
    alive = false;
    return was;
  };
  return { source, watch: { showedLife } };
}
