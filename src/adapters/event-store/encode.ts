import canonicalize from 'canonicalize';
import type { RecordedEvent } from '../../domain/event.ts';
import type { StoredEvent } from './leaf.ts';
import { type AppendResult, type EventToAppend, type Expected, type Position, START } from './port.ts';

/** Of `data` and `metadata` of all events of one append together, in bytes of UTF-8. */
export const MAX_APPEND_BYTES = 1024 * 1024;

export type EncodedEvent = Pick<StoredEvent, 'id' | 'type' | 'version' | 'data' | 'metadata'>;

export interface EncodedAppend {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly EncodedEvent[];
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The append as texts; throws `TypeError` for what must never be stored. */
export function encodeAppend(stream: string, events: readonly EventToAppend[], expected: Expected): EncodedAppend {
  requireName('stream', stream);
  if (events.length === 0) throw new TypeError('An append needs at least one event.');
  if (typeof expected === 'bigint' && expected < 0n)
    throw new TypeError(`A revision is never negative, got ${expected}; an empty stream is 'noStream'.`);
  if (new Set(events.map(({ id }) => id)).size < events.length) throw new TypeError(`Two events of one append to ${stream} have the same id.`);
  return { stream, expected, events: events.map(encodeEvent) };
}

function encodeEvent({ id, type, version, data, metadata }: EventToAppend): EncodedEvent {
  if (!uuid.test(id)) throw new TypeError(`An event's id is a UUID in lower case, got ${JSON.stringify(id)}.`);
  requireName('event type', type);
  if (!Number.isSafeInteger(version) || version < 1)
    throw new TypeError(`The schema version of ${type} is a whole number from 1 on, got ${version}.`);
  return { id, type, version, data: canonicalText(`data of ${type}`, data), metadata: canonicalText(`metadata of ${type}`, metadata) };
}

function requireName(what: string, name: string): void {
  if (name === '' || !name.isWellFormed()) throw new TypeError(`A ${what} is a text that is not empty, got ${JSON.stringify(name)}.`);
}

function canonicalText(what: string, value: object): string {
  try {
    const text = canonicalize(value);
    if (text?.startsWith('{')) return text;
  } catch (cause) {
    throw new TypeError(`The ${what} cannot be written as JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  throw new TypeError(`The ${what} is not a JSON object.`);
}

/** The refusal of an append over the limit, `undefined` for one within it. */
export function tooLarge({ stream, events }: EncodedAppend): AppendResult | undefined {
  const bytes = events.reduce((sum, { data, metadata }) => sum + Buffer.byteLength(data) + Buffer.byteLength(metadata), 0);
  if (bytes <= MAX_APPEND_BYTES) return undefined;
  const message = `The events for ${stream} are ${bytes} bytes, at most ${MAX_APPEND_BYTES} fit into one append: put large parts into blobs.`;
  return { ok: false, code: 'TooLarge', message };
}

export const positionOf = (place: number): Position => {
  const digits = String(place);
  return START.slice(digits.length) + digits;
};

/** Throws `SyntaxError` when a stored text is no JSON. */
export const decodeEvent = (event: StoredEvent, place: number): RecordedEvent => ({
  id: event.id,
  type: event.type,
  version: event.version,
  stream: event.stream,
  revision: BigInt(event.revision),
  position: positionOf(place),
  data: JSON.parse(event.data),
  metadata: JSON.parse(event.metadata),
});
