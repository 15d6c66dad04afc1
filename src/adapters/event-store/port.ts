import type { EventMetadata, JsonObject, RecordedEvent } from '../../domain/event.ts';

/** `noStream`: the stream must be empty. A revision: the stream must stand exactly there. `any`: at least once, never deduplicated after a restart. */
export type Expected = 'noStream' | 'any' | bigint;
export type Position = string;

/** A part of the log is there and cannot be read any more. The message is one sentence that names it and says what to do. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
}

export const START: Position = '00000000000000000000';

/** An event ready to be stored: sealed, with its id (a UUID) fixed by its command. */
export interface EventToAppend {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly data: JsonObject;
  readonly metadata: EventMetadata;
}

export type AppendResult =
  | { readonly ok: true /** Of the last event. */; readonly revision: bigint; readonly position: Position; readonly duplicate: boolean }
  | { readonly ok: false; readonly code: 'WrongExpectedRevision' /** Absent when the stream is empty. */; readonly actual?: bigint }
  | { readonly ok: false; readonly code: 'TooLarge' | 'StoreUnavailable' | 'OutcomeUnknown'; readonly message: string };

export interface TailBatch {
  readonly events: readonly RecordedEvent[];
  /** Every event of ours up to here has been delivered by this tail. */
  readonly seen: Position;
  readonly caughtUp: boolean;
}

export interface ReadOptions {
  /** First revision to read, inclusive; with `backwards` the last. */
  readonly from?: bigint;
  readonly max?: number;
  readonly backwards?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The log. All events of one append are stored at the expected revision, contiguous and in order, or none is. The same ids in the same stream with the
 * same expectation again are the same append (`duplicate`). No stream is ever removed. Revisions start at 0.
 * Throws `TypeError` for what must never leave: no events, an id that is no UUID, an empty type or stream name; otherwise only when the store is lost.
 */
export interface EventStore {
  append(stream: string, events: readonly EventToAppend[], expected: Expected, options?: { readonly signal?: AbortSignal }): Promise<AppendResult>;
  /** In order of revision; a missing stream is empty. */
  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedEvent>;
  /** Every event after the position (exclusive), in order of position, for ever, reconnecting by itself; ends only by the signal. */
  tail(after: Position, options: { readonly signal: AbortSignal }): AsyncIterable<TailBatch>;
  /** Position of the last event stored, `START` when there is none. */
  head(): Promise<Position>;
  /** Names the log's life: positions of another epoch mean nothing here. */
  epoch(): Promise<string>;
  close(): Promise<void>;
}
