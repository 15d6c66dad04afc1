import type { RecordedEvent } from '../../../domain/event.ts';
import type { ReadOptions } from '../port.ts';
import { adviceFor, EventStoreUnavailable, typeOf } from './failures.ts';
import type { Head } from './head.ts';
import { type Reading, readSteadily } from './reading.ts';
import { decode, placeOf, positionAt } from './stored.ts';

/**
 * The events of a stream. `head` stands in for a position that the server doesn't tell (before 22.6): it is not before the event's own, so whoever waits
 * for it has seen the event.
 */
export async function* readEvents(
  reading: Reading,
  head: Head,
  stream: string,
  { from, max = Number.MAX_SAFE_INTEGER, backwards = false, signal }: ReadOptions,
): AsyncGenerator<RecordedEvent> {
  const { BACKWARDS, FORWARDS, END, START } = reading.connection.library;
  const arrived = readSteadily(
    reading,
    (client, { count, last }) => {
      const next = last?.event ? BigInt(last.event.revision) + (backwards ? -1n : 1n) : from;
      if (count >= max || (next !== undefined && next < 0n)) return undefined;
      const direction = backwards ? BACKWARDS : FORWARDS;
      return client.readStream(stream, { fromRevision: next ?? (backwards ? END : START), direction, maxCount: max - count });
    },
    signal,
  );
  try {
    for await (const one of arrived) {
      const place = placeOf(one);
      const event = decode(one, place === undefined ? await head.find(signal) : positionAt(place));
      if (!event) throw new Error(`Somebody else wrote to ${stream}, revision ${one.event?.revision}: streams of Annals are for Annals alone.`);
      yield event;
    }
  } catch (error) {
    if (typeOf(error) === 'stream-not-found') return;
    throw typeOf(error) === 'stream-deleted' ? new EventStoreUnavailable(adviceFor(error), { cause: error }) : error;
  }
}
