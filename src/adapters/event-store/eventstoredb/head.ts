import { type Position, START } from '../port.ts';
import { type Opening, type Reading, readSteadily } from './reading.ts';
import { type Arrived, decode, placeOf, positionAt } from './stored.ts';

const FIRST_PAGE = 32;
const LARGEST_PAGE = 4096;

export interface Head {
  /** Position of our last event: `$all` is read backwards to the first event of ours, or to where it was read last time. */
  find(signal?: AbortSignal): Promise<Position>;
  /** Tells of an event of ours at that position. */
  note(position: Position): void;
  /** The highest position of which this process knows that something stands there. */
  known(): Position;
}

export function createHead(reading: Reading): Head {
  let ours: Position = START;
  let looked: Position = START;
  const note = (position: Position): void => {
    if (position > ours) ours = position;
  };

  async function find(signal?: AbortSignal): Promise<Position> {
    const until = looked;
    let newest: Position | undefined;
    for await (const arrived of backwards(reading, signal)) {
      const place = placeOf(arrived);
      if (place === undefined) continue;
      const position = positionAt(place);
      newest ??= position;
      if (position <= until) break;
      if (!decode(arrived, position)) continue;
      note(position);
      break;
    }
    if (newest !== undefined && newest > looked) looked = newest;
    return ours;
  }

  return { find, note, known: () => (ours > looked ? ours : looked) };
}

/** Small pages first: mostly the newest event is ours. */
async function* backwards(reading: Reading, signal: AbortSignal | undefined): AsyncGenerator<Arrived> {
  let from: bigint | undefined;
  for (let page = FIRST_PAGE; ; page = Math.min(page * 4, LARGEST_PAGE)) {
    let count = 0;
    for await (const arrived of pageBefore(reading, from, page, signal)) {
      count += 1;
      from = placeOf(arrived) ?? from;
      yield arrived;
    }
    if (count < page) return;
  }
}

function pageBefore(reading: Reading, from: bigint | undefined, page: number, signal: AbortSignal | undefined): AsyncGenerator<Arrived> {
  const { BACKWARDS, END } = reading.connection.library;
  const open: Opening = (client, { count, last }) => {
    if (count >= page) return undefined;
    const place = (last && placeOf(last)) ?? from;
    const fromPosition = place === undefined ? END : { commit: place, prepare: place };
    return client.readAll({ direction: BACKWARDS, fromPosition, maxCount: page - count });
  };
  return readSteadily(reading, open, signal);
}
