import { newestVersion, type RecordedEvent } from '../../domain/event.ts';
import type { Tag } from '../../domain/mcp/names.ts';
import type { Upcaster } from '../../domain/upcasters.ts';
import type { EventStore } from './port.ts';

/** From a stored version's data to the next version's: `{ MessageSent: { 1: toVersion2, 2: toVersion3 } }`. Pure. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

/** What a newer release has written: here nothing can be decided or folded from it; there it can. */
export class NewerEvent extends Error {
  override readonly name = 'NewerEvent';
  readonly code = 'StoreUnavailable';
  constructor({ type, version, stream, revision }: Pick<RecordedEvent, 'type' | 'version' | 'stream' | 'revision'>) {
    super(`${stream} has been written by a newer release (${type} version ${version} at revision ${revision}): repeat, another process answers.`);
  }
}

export const isNewer = ({ type, version }: Pick<RecordedEvent, 'type' | 'version'>): boolean => version > (newestVersion(type) ?? version);

/** By upcast event the one that is stored. */
const originals = new WeakMap<RecordedEvent, RecordedEvent>();
/** The event as the log has it, also where it was upcast on its way. */
export const asStored = (event: RecordedEvent): RecordedEvent => originals.get(event) ?? event;

/** The event in its type's newest version; itself when it is that already, or newer than the upcasters know. */
export function upcast(upcasters: Upcasters, event: RecordedEvent, tag: Tag): RecordedEvent {
  const steps = Object.hasOwn(upcasters, event.type) ? upcasters[event.type] : undefined;
  if (!steps?.[event.version]) return event;
  let { data, version } = event;
  for (let step = steps[version]; step; step = steps[version]) {
    data = step(data, { stream: event.stream, tag });
    version += 1;
  }
  const newest = { ...event, version, data };
  originals.set(newest, event);
  return newest;
}

/**
 * Events come out of `read` and `tail` in their newest version. An event that its upcaster rejects, or that a newer release has written, comes out all the
 * same, and throws once its data is looked at: it stops those who need it, and nobody else. `tag` is made with the secret of the installation that wrote the
 * log. Throws `TypeError` for a chain of versions with a gap.
 */
export function upcasting(store: EventStore, upcasters: Upcasters, tag: Tag): EventStore {
  for (const [type, steps] of Object.entries(upcasters)) requireUnbroken(type, Object.keys(steps).map(Number));
  const newest = (event: RecordedEvent): RecordedEvent => {
    if (isNewer(event)) return withoutData(event, new NewerEvent(event));
    try {
      return upcast(upcasters, event, tag);
    } catch (error) {
      return withoutData(event, noUpcaster(event, error));
    }
  };
  return {
    ...store,
    read: async function* (stream, options) {
      for await (const event of store.read(stream, options)) yield newest(event);
    },
    tail: async function* (after, options) {
      for await (const batch of store.tail(after, options)) yield { ...batch, events: batch.events.map(newest) };
    },
  };
}

function requireUnbroken(type: string, versions: readonly number[]): void {
  const gap = versions.toSorted((a, b) => a - b).find((version, index, sorted) => index > 0 && version !== (sorted[index - 1] ?? 0) + 1);
  if (gap !== undefined) throw new TypeError(`The upcasters of ${type} have a gap before version ${gap}: every version leads to the next one.`);
}

const noUpcaster = ({ type, version, stream, revision }: RecordedEvent, cause: unknown): Error =>
  new Error(
    `No upcaster accepts this event (${type} version ${version}, ${stream} revision ${revision}): ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );

function withoutData(event: RecordedEvent, error: Error): RecordedEvent {
  const { data: _data, ...rest } = event;
  return Object.defineProperty(rest, 'data', {
    enumerable: true,
    get: () => {
      throw error;
    },
  }) as RecordedEvent;
}
