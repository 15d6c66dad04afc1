import type { Json, JsonObject } from '../../domain/event.ts';

/** A document as stored: JSON, with its id and the position that wrote it beside it. */
export interface StoredDocument<Doc extends JsonObject = JsonObject> {
  readonly id: string;
  readonly position: string;
  readonly doc: Doc;
}

export type Scalar = string | number | boolean | null;
/** Closed operator set. A bare scalar means equality; a missing field equals null. */
export type Condition =
  | Scalar
  | { readonly in: readonly Scalar[] }
  | { readonly gt?: Scalar; readonly gte?: Scalar; readonly lt?: Scalar; readonly lte?: Scalar }
  | { readonly exists: boolean }
  | { readonly not: Scalar };
/** Top-level field names of the document, all of which must match; `_id` and `_pos` are the document's id and position. `or` adds alternatives. */
export type Filter = { readonly [field: string]: Condition } & { readonly or?: never };

export interface FindOptions {
  /** Fields in order; `_id` is appended as the tie-breaker in the direction of the last field. Strings order by UTF-8 bytes; null < boolean < number < string. Default: `_id` ascending. */
  readonly sort?: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  /** At most 1,000. Default 100. */
  readonly limit?: number;
  /** Keyset page: continue after this cursor of an earlier answer with the same filter and sort. */
  readonly after?: string;
  /** Capped at 10,000: deeper pages go by cursor. */
  readonly offset?: number;
}

export interface FindResult<Doc extends JsonObject = JsonObject> {
  readonly documents: readonly StoredDocument<Doc>[];
  /** Present when there may be more. */
  readonly next?: string;
}

export type Operation =
  | { readonly kind: 'put'; readonly id: string; readonly position: string; readonly doc: JsonObject }
  | { readonly kind: 'delete'; readonly id: string; readonly position: string };

/** How far a view has come, and the last event it folded, so that an older log under newer views is noticed. */
export interface Checkpoint {
  readonly position: string;
  readonly epoch: string;
  readonly last?: { readonly stream: string; readonly revision: string; readonly id: string };
  readonly meta?: Json;
}

/** A collection's name is `<view>@<version>`; indexes are lists of top-level fields (`_pos` allowed), declared once at `open`. */
export interface DocumentStore {
  /** Creates collection and indexes where missing. Idempotent. */
  open(collection: string, indexes: readonly (readonly string[])[]): Promise<void>;
  getMany<Doc extends JsonObject>(collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredDocument<Doc>>>;
  find<Doc extends JsonObject>(collection: string, filter: Filter, options?: FindOptions): Promise<FindResult<Doc>>;
  count(collection: string, filter: Filter): Promise<number>;
  /** Writes all operations and the checkpoint as one; an operation whose position is not later than the document's is dropped (per document). */
  commit(collection: string, operations: readonly Operation[], checkpoint: Checkpoint): Promise<void>;
  checkpoint(collection: string): Promise<Checkpoint | undefined>;
  /** SHA-256 over all documents in order of id: RFC 8785 form of `{_id, …doc}`, without positions. Hex. */
  digest(collection: string): Promise<{ readonly digest: string; readonly count: number }>;
  collections(): Promise<readonly string[]>;
  drop(collection: string): Promise<void>;
  /** Replaces collection `to` by `from` in one step. */
  rename(from: string, to: string): Promise<void>;
  close(): Promise<void>;
}
