import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { EventMetadata, JsonObject, RecordedEvent } from '../../../domain/event.ts';
import { type EncodedEvent, MAX_APPEND_BYTES } from '../encode.ts';
import { type AppendResult, type EventToAppend, type Position, START } from '../port.ts';

/** Streams of the adapter's own: no category, so no dash. They are in no tail and never the head. */
export const META = 'annals_';
/** For the server: neither its own streams nor ours of `META`. */
export const EVENT_STREAMS = `^(?!\\$|${META})`;
const isEventStream = (stream: string): boolean => !stream.startsWith('$') && !stream.startsWith(META);

/** An event as the client wants it, and what the server will count for it at most. */
export interface Proposed {
  readonly event: {
    readonly id: string;
    readonly contentType: 'application/json';
    readonly type: string;
    readonly data: JsonObject;
    readonly metadata: Uint8Array;
  };
  readonly bytes: number;
}

/** In bytes, for an event's id, lengths and flags. */
const EVENT_OVERHEAD = 128;

/** The schema version travels in the metadata. */
export const versioned = (event: EventToAppend): EventToAppend => ({
  ...event,
  metadata: Object.assign({ schemaVersion: event.version }, event.metadata),
});

/** What is stored are RFC 8785 texts. */
export function propose({ id, type, data, metadata }: EncodedEvent): Proposed {
  const stored = utf8.encode(metadata);
  return {
    event: { id, contentType: 'application/json', type, data: inOrder(data), metadata: stored },
    bytes: Buffer.byteLength(data) + stored.length + 2 * type.length + EVENT_OVERHEAD,
  };
}

const utf8 = new TextEncoder();

/** `JSON.stringify`, which the client applies, gives the same text back; it would write members first whose names are whole numbers. */
export function inOrder(text: string): JsonObject {
  if (!/"\d+":/.test(text)) return JSON.parse(text);
  const sorted = { ownKeys: (target: object) => Reflect.ownKeys(target).toSorted() };
  return JSON.parse(text, (_, value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? new Proxy(value, sorted) : value));
}

/** Throws `TypeError` for what would be stored, but never seen again in a tail. */
export function requireVisible(stream: string, events: readonly EncodedEvent[]): void {
  if (!isEventStream(stream)) throw new TypeError(`A stream of events begins neither with "$" nor with "${META}", got ${JSON.stringify(stream)}.`);
  const reserved = events.find(({ type }) => type.startsWith('$'));
  if (reserved) throw new TypeError(`Event types that begin with "$" are the server's own, got ${JSON.stringify(reserved.type)}.`);
}

export function tooLarge(stream: string, proposed: readonly Proposed[]): AppendResult | undefined {
  const bytes = proposed.reduce((sum, event) => sum + event.bytes, 0);
  if (bytes <= MAX_APPEND_BYTES) return undefined;
  const message = `The events for ${stream} are up to ${bytes} bytes as the event store counts them, and it takes at most ${MAX_APPEND_BYTES} in one append: put large parts into blobs.`;
  return { ok: false, code: 'TooLarge', message };
}

export type Arrived = ResolvedEvent | AllStreamResolvedEvent;

/** Servers before 22.6 do not say it when a stream is read; they then send nothing, or the highest number there is. */
export function placeOf({ event, commitPosition }: Arrived): bigint | undefined {
  const place = event?.position?.commit ?? commitPosition;
  return place === undefined || BigInt(place) > 2n ** 63n ? undefined : BigInt(place);
}

export const positionAt = (place: bigint): Position => String(place).padStart(START.length, '0');

/** An event of ours; `undefined` for one that the server or somebody else wrote. Throws `SyntaxError` for one of ours whose data is no JSON object. */
export function decode({ event }: Arrived, position: Position): RecordedEvent | undefined {
  const stored: unknown = event?.metadata;
  if (!event || !isEventStream(event.streamId) || event.type.startsWith('$') || !isOurs(stored)) return undefined;
  const { id, type, streamId: stream, data } = event;
  const revision = BigInt(event.revision);
  const { schemaVersion: version, ...metadata } = stored;
  if (!isJsonObject(data)) throw new SyntaxError(`The event at revision ${revision} of ${stream} is damaged: its data is no JSON object.`);
  return { id, type, version, stream, revision, position, data, metadata };
}

const isOurs = (metadata: unknown): metadata is EventMetadata & { readonly schemaVersion: number } =>
  typeof metadata === 'object' &&
  metadata !== null &&
  'schemaVersion' in metadata &&
  Number.isInteger(metadata.schemaVersion) &&
  'commandId' in metadata;

const isJsonObject = (data: unknown): data is JsonObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Uint8Array);
