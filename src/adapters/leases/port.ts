/** Who has a lease, as everybody sees it. Liveness shows in `renewals` alone: two machines' clocks are never compared. */
export interface LeaseRow {
  readonly name: string;
  readonly holder: string;
  /** Grows by one whenever the lease is taken: the fencing token. */
  readonly token: number;
  /** Grows by one with every renewal. */
  readonly renewals: number;
}

/** Compare-and-set rows, durable when they resolve. What they mean is decided by `hold.ts`. Throws when the store is lost. */
export interface Leases {
  read(name: string): Promise<LeaseRow | undefined>;
  /** All rows whose name begins so, in order of name. */
  list(prefix: string): Promise<readonly LeaseRow[]>;
  /** Writes `next` (`undefined`: removes the row) only when the row stands as `expected` (`undefined`: there is none). */
  compareAndSet(name: string, expected: LeaseRow | undefined, next: LeaseRow | undefined): Promise<boolean>;
  close(): Promise<void>;
}
