import { pause, systemClock } from './clock.ts';
import { type HeldLease, keepLease, type Lease, type LeaseProblem, type LeaseTerms, NOBODY } from './lease.ts';
import type { LeaseRow, Leases } from './port.ts';
import { campaignForShards, type ShardCampaign } from './shards.ts';
import { createSightings } from './sightings.ts';

export type { HeldLease, Lease, LeaseProblem } from './lease.ts';
export type { ShardCampaign } from './shards.ts';

/** Ends at once after `lease.lost`, and in its own good time after `stop`, which also fires when the campaign ends or the lease is wanted elsewhere. */
export type LeaseWork = (lease: Lease, stop: AbortSignal) => Promise<void>;

/** What a process does with leases, all under one name. It knows the others by their rows alone. */
export interface LeaseHolder {
  /**
   * The lease, when it is free now: nobody has it, or this process has seen its row unchanged for `ttlMs` over several calls. Throws when the store
   * is lost.
   */
  tryAcquire(name: string): Promise<HeldLease | undefined>;
  /**
   * Works whenever it gets the lease, and tries again after the work has ended, until the signal; resolves when work in progress has ended and the
   * lease is given back. Never throws: what fails is told as a problem and tried again.
   */
  campaign(name: string, work: LeaseWork, signal: AbortSignal): Promise<void>;
  /** The same for many leases that the live processes of a group share evenly: `shards.ts` says how. */
  campaignShards(shards: ShardCampaign): Promise<void>;
}

export interface LeaseHolderOptions {
  readonly leases: Leases;
  /** This process since this start of it: never used before, never by another. */
  readonly holder: string;
  /** How long a holder may be silent before others take its leases: each must have heard nothing for so long by its own clock. */
  readonly ttlMs: number;
  /** How often what others hold is looked at: so long does it take to hand over a lease that was given back. */
  readonly pollMs?: number;
  readonly clock?: LeaseTerms['clock'];
  readonly onProblem?: (problem: LeaseProblem) => void;
}

const MOST_POLLS_MS = 250;

export function createLeaseHolder(options: LeaseHolderOptions): LeaseHolder {
  const { leases, holder, ttlMs, clock = systemClock, onProblem = () => {} } = options;
  const { pollMs = Math.min(MOST_POLLS_MS, ttlMs / 4) } = options;
  if (holder === NOBODY) throw new TypeError('A holder of leases needs a name.');
  const terms: LeaseTerms = { leases, clock, ttlMs, onProblem };
  const sightings = createSightings(() => clock.now());
  /** Leases that this process holds, is about to take, or has lost while the work goes on: it never competes with itself. */
  const engaged = new Set<string>();

  const isFree = (row: LeaseRow | undefined, silentMs: number): boolean =>
    // A row of ours that we are not engaged in is left over from a write whose answer was lost.
    row === undefined || row.holder === NOBODY || row.holder === holder || silentMs >= ttlMs;

  let looked: { readonly at: number; readonly rows: Promise<ReadonlyMap<string, LeaseRow>> } | undefined;
  /** All rows as of a moment ago: campaigns for leases that others hold look together. */
  async function look(name: string): Promise<LeaseRow | undefined> {
    if (looked === undefined || clock.now() - looked.at >= pollMs / 2)
      looked = { at: clock.now(), rows: leases.list('').then((rows) => new Map(rows.map((row) => [row.name, row]))) };
    return (await looked.rows).get(name);
  }

  async function take(name: string, forget: boolean, read: Leases['read']): Promise<HeldLease | undefined> {
    const row = await read(name);
    if (!isFree(row, sightings.note(name, row))) return undefined;
    const began = clock.now();
    const next = { name, holder, token: (row?.token ?? 0) + 1, renewals: 0 };
    if (!(await leases.compareAndSet(name, row, next))) return undefined;
    return keepLease(terms, { row: next, began, forget, onReleased: () => engaged.delete(name) });
  }

  async function acquire(name: string, forget = false, read = leases.read): Promise<HeldLease | undefined> {
    if (engaged.has(name)) return undefined;
    engaged.add(name);
    let lease: HeldLease | undefined;
    try {
      lease = await take(name, forget, read);
      return lease;
    } finally {
      if (lease === undefined) engaged.delete(name);
    }
  }

  async function attempt(name: string, forget: boolean, read = leases.read): Promise<HeldLease | undefined> {
    try {
      return await acquire(name, forget, read);
    } catch (error) {
      onProblem({ lease: name, doing: 'acquire', error });
      return undefined;
    }
  }

  async function workUnder(lease: HeldLease, work: LeaseWork, signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, lease.lost]);
    try {
      if (!stop.aborted) await work(lease, stop);
    } catch (error) {
      if (!stop.aborted) onProblem({ lease: lease.name, doing: 'work', error });
    }
    await lease.release();
  }

  async function campaign(name: string, work: LeaseWork, signal: AbortSignal, forget = false): Promise<void> {
    while (!signal.aborted) {
      const lease = await attempt(name, forget, look);
      if (lease) await workUnder(lease, work, signal);
      await pause(clock, pollMs, signal);
    }
  }

  return {
    tryAcquire: (name) => acquire(name),
    campaign: (name, work, signal) => campaign(name, work, signal),
    campaignShards: (shards) => campaignForShards({ ...terms, holder, pollMs, sightings, isFree, attempt, workUnder, campaign }, shards),
  };
}
