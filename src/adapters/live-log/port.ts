import type { Sealed } from '../../domain/event.ts';

/** Place of an entry: ordered by segment, epoch, sequence; readers drop lower epochs within a segment only. */
export interface LivePlace {
  readonly run: string;
  readonly segment: number;
  readonly epoch: number;
  readonly sequence: number;
}

export interface LiveEntry extends LivePlace {
  /** One batch of run items, sealed. */
  readonly sealed: Sealed;
}

/** What a run streams before its events have it: kept in order, readable from any place, on after a restart, until 24 hours after the run's end. */
export interface LiveLog {
  /** Stored (against a crash of the process) before subscribers are woken. Appending the same place twice keeps the first. */
  append(entry: LiveEntry): Promise<void>;
  read(run: string, after?: Omit<LivePlace, 'run'>): Promise<readonly LiveEntry[]>;
  /** Calls back whenever the run has new entries; returns the way to stop. */
  subscribe(run: string, wake: () => void): () => void;
  /** The run has ended: keep its entries until that time (ms since 1970), then let them go. */
  expire(run: string, at: number): Promise<void>;
  /** Removes what has expired. */
  sweep(now: number): Promise<number>;
  close(): Promise<void>;
}
