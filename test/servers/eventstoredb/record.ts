export interface Proposed {
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event that has a stream and a revision, but no place in the log yet. */
export interface Numbered extends Proposed {
  readonly stream: string;
  readonly revision: bigint;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface Recorded extends Numbered {
  /** The offset in the log file at which the record begins: commit and prepare position in one. */
  readonly position: number;
}

/** The revision that a tombstone has, and the `$tb` of a stream that was deleted softly. */
export const LAST_REVISION = 9_223_372_036_854_775_807n;

export const metastreamOf = (stream: string): string => `$$${stream}`;
export const isMetastream = (stream: string): boolean => stream.startsWith('$$');
