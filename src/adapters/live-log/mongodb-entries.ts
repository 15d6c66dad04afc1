import { z } from 'zod';
import { SealedValue } from '../../domain/event.ts';
import type { MongoConnection } from '../mongo/connection.ts';
import type { LiveEntry, LivePlace } from './port.ts';

const Stored = z.object({ run: z.string(), place: z.string(), sealed: SealedValue });

export interface StoredEntry {
  /** Run and place, so that the first of a place is the only one. */
  readonly _id: string;
  readonly run: string;
  /** Orders as text as the places of a run do. */
  readonly place: string;
  /** The process that appended it. */
  readonly by: string;
  readonly sealed: { readonly k: string; readonly a: string; readonly c?: string | undefined; readonly b?: string | undefined };
  /** The server removes it then, should nobody have said that the run has ended. */
  readonly expireAt: Date;
}

export type Entries = ReturnType<typeof entriesOf>;

// Journals and majorities are waited for once a batch; readers need not wait for them, too.
export const entriesOf = ({ db }: MongoConnection) =>
  db.collection<StoredEntry>('live-entries', { readConcern: { level: 'local' }, ignoreUndefined: true });

const DIGITS = 12;
const digits = (number: number): string => String(number).padStart(DIGITS, '0');

type PlaceInRun = Omit<LivePlace, 'run'>;

export const placeOf = ({ segment, epoch, sequence }: PlaceInRun): string => [segment, epoch, sequence].map(digits).join('.');

/** Run and place of an entry, as its name. */
export const nameOf = (run: string, place: string): string => `${run}:${place}`;
export const runOf = (name: string): string => name.slice(0, name.lastIndexOf(':'));

export function toEntry(stored: unknown): LiveEntry {
  const { run, place, sealed } = Stored.parse(stored);
  const [segment = 0, epoch = 0, sequence = 0] = place.split('.').map(Number);
  const { k, a, c, b } = sealed;
  return { run, segment, epoch, sequence, sealed: { k, a, ...(c === undefined ? {} : { c }), ...(b === undefined ? {} : { b }) } };
}
