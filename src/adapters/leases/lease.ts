import type { LeaseClock } from './clock.ts';
import type { LeaseRow, Leases } from './port.ts';

/** The holder of a row whose lease was given back. The row stays, so that tokens go on growing. */
export const NOBODY = '';

/** The right to do something alone, until it is lost. */
export interface Lease {
  readonly name: string;
  /** Greater than every earlier holder's. */
  readonly token: number;
  /** Goes by the clock at the moment of asking, so a process that was frozen past its lease is told the truth before any timer runs. Never true again once false. */
  isHeld(): boolean;
  /** Fires when the lease was lost: nothing more may be done in its name. Looking at it asks the clock as `isHeld` does. */
  readonly lost: AbortSignal;
}

export interface HeldLease extends Lease {
  /** Gives it back, so that another may take it at once. Never throws. */
  release(): Promise<void>;
}

export interface LeaseProblem {
  readonly lease: string;
  readonly doing: 'acquire' | 'renew' | 'release' | 'work';
  readonly error: unknown;
}

export interface LeaseTerms {
  readonly leases: Leases;
  readonly clock: LeaseClock;
  readonly ttlMs: number;
  readonly onProblem: (problem: LeaseProblem) => void;
}

/** Parts of `ttlMs`. The holder gives up before others may take it, for their clocks may run a little faster and an act a little late. */
const HELD = 5 / 6;
const RENEWED_AFTER = 1 / 3;
const REPEATED_AFTER = 1 / 12;

export interface TakenRow {
  readonly row: LeaseRow;
  /** When the write began that made it ours. */
  readonly began: number;
  /** The row is removed when it is given back, its tokens with it. */
  readonly forget: boolean;
  readonly onReleased: () => void;
}

/** Renews a row that has just become ours. */
export function keepLease(terms: LeaseTerms, { row, began, forget, onReleased }: TakenRow): HeldLease {
  const { leases, clock, ttlMs, onProblem } = terms;
  const lost = new AbortController();
  let known = row;
  let renewed = began;
  let over = false;
  let released: Promise<void> | undefined;
  let cancelRenewal = () => {};
  let cancelDeadline = () => {};

  function end(): void {
    over = true;
    cancelRenewal();
    cancelDeadline();
  }

  function lose(): void {
    if (over) return;
    end();
    lost.abort(new Error(`The lease ${row.name} (token ${row.token}) is lost.`));
  }

  function isHeld(): boolean {
    if (clock.now() - renewed >= ttlMs * HELD) lose();
    return !over;
  }

  // An answer that never came may hide a change of our own, so a row that is not as it was is looked at before it is given up.
  async function change(to: (row: LeaseRow) => LeaseRow | undefined): Promise<boolean> {
    for (;;) {
      const next = to(known);
      if (await leases.compareAndSet(row.name, known, next)) {
        known = next ?? known;
        return true;
      }
      const found = await leases.read(row.name);
      if (found?.holder !== row.holder || found.token !== row.token) return false;
      known = found;
    }
  }

  async function renew(): Promise<void> {
    const at = clock.now();
    try {
      const ours = await change((before) => ({ ...before, renewals: before.renewals + 1 }));
      if (!ours) lose();
      if (isHeld()) keepFrom(at);
    } catch (error) {
      if (isHeld()) plan(ttlMs * REPEATED_AFTER);
      onProblem({ lease: row.name, doing: 'renew', error });
    }
  }

  function plan(milliseconds: number): void {
    cancelRenewal = clock.after(milliseconds, () => {
      if (isHeld()) void renew();
    });
  }

  function keepFrom(at: number): void {
    renewed = at;
    plan(Math.max(0, at + ttlMs * RENEWED_AFTER - clock.now()));
    cancelDeadline();
    watch();
  }

  // A timer may fire a little early.
  function watch(): void {
    if (isHeld()) cancelDeadline = clock.after(Math.max(1, renewed + ttlMs * HELD - clock.now()), watch);
  }

  async function giveBack(): Promise<void> {
    end();
    try {
      await change((before) => (forget ? undefined : { ...before, holder: NOBODY, renewals: before.renewals + 1 }));
    } catch (error) {
      onProblem({ lease: row.name, doing: 'release', error });
    }
    onReleased();
  }

  keepFrom(began);
  return {
    name: row.name,
    token: row.token,
    isHeld,
    get lost() {
      isHeld();
      return lost.signal;
    },
    release: () => {
      released ??= giveBack();
      return released;
    },
  };
}
