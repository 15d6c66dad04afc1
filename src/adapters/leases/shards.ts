import { pause } from './clock.ts';
import type { HeldLease, Lease, LeaseTerms } from './lease.ts';
import type { LeaseRow } from './port.ts';
import type { createSightings } from './sightings.ts';

type Work = (lease: Lease, stop: AbortSignal) => Promise<void>;

export interface ShardCampaign {
  /** Rows are named `<group>/shard/<name>` and, one for each live process, `<group>/process/<holder>`. */
  readonly group: string;
  readonly names: readonly string[];
  /** Done for each shard held, as the work of a campaign. */
  readonly work: (shard: string, lease: Lease, stop: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What a holder of leases lends to its campaigns for shards. */
export interface ShardTerms extends LeaseTerms {
  readonly holder: string;
  readonly pollMs: number;
  readonly sightings: ReturnType<typeof createSightings>;
  readonly isFree: (row: LeaseRow | undefined, silentMs: number) => boolean;
  readonly attempt: (name: string, forget: boolean) => Promise<HeldLease | undefined>;
  readonly workUnder: (lease: HeldLease, work: Work, signal: AbortSignal) => Promise<void>;
  readonly campaign: (name: string, work: Work, signal: AbortSignal, forget: boolean) => Promise<void>;
}

interface Held {
  readonly retire: AbortController;
  readonly ended: Promise<void>;
}

/** A process that was silent for so many times `ttlMs` has its row removed. */
const FORGOTTEN_AFTER = 4;

/**
 * Shares the shards: all live processes, in order of name, get as many as the next, the first ones one more where it does not come out even. Who has
 * more gives up the surplus when its work there has ended; a shard changes hands only when the number of processes changes.
 */
export async function campaignForShards(terms: ShardTerms, { group, names, work, signal }: ShardCampaign): Promise<void> {
  const { leases, holder, clock, ttlMs, pollMs, sightings, onProblem } = terms;
  const prefix = { group: `${group}/`, process: `${group}/process/`, shard: `${group}/shard/` };
  const held = new Map<string, Held>();
  const present = terms.campaign(`${prefix.process}${holder}`, (_, stop) => fired(stop), signal, true);

  /** The processes that are not known to be dead, in order of name. */
  function living(rows: readonly LeaseRow[], silent: ReadonlyMap<string, number>): readonly string[] {
    const others = rows.filter(({ name }) => name.startsWith(prefix.process) && (silent.get(name) ?? 0) < ttlMs).map(({ name }) => name);
    return [...new Set([...others, `${prefix.process}${holder}`])].sort();
  }

  function retire(surplus: number): void {
    const active = [...held.values()].filter((one) => !one.retire.signal.aborted);
    for (const one of surplus > 0 ? active.slice(-surplus) : []) one.retire.abort();
  }

  async function start(shard: string): Promise<void> {
    const lease = await terms.attempt(`${prefix.shard}${shard}`, false);
    if (!lease) return;
    const controller = new AbortController();
    const worked = terms.workUnder(lease, (_, stop) => work(shard, lease, stop), AbortSignal.any([signal, controller.signal]));
    held.set(shard, { retire: controller, ended: worked.then(() => void held.delete(shard)) });
  }

  async function forgetDead(rows: readonly LeaseRow[], silent: ReadonlyMap<string, number>): Promise<void> {
    for (const row of rows) {
      const isDead = row.name.startsWith(prefix.process) && (silent.get(row.name) ?? 0) >= ttlMs * FORGOTTEN_AFTER;
      if (isDead) await leases.compareAndSet(row.name, row, undefined);
    }
  }

  async function balance(): Promise<void> {
    const rows = await leases.list(prefix.group);
    const silent = sightings.noteAll(prefix.group, rows);
    const live = living(rows, silent);
    const rank = live.indexOf(`${prefix.process}${holder}`);
    const share = shareOf(names.length, live.length, rank);
    retire(activeIn(held) - share);
    const byName = new Map(rows.map((row) => [row.name, row]));
    // Everybody begins elsewhere, so that few ask for the same one.
    for (const shard of rotated(names, rank * share)) {
      if (held.size >= share || signal.aborted) break;
      const name = `${prefix.shard}${shard}`;
      if (!held.has(shard) && terms.isFree(byName.get(name), silent.get(name) ?? 0)) await start(shard);
    }
    await forgetDead(rows, silent);
  }

  while (!signal.aborted) {
    await balance().catch((error: unknown) => onProblem({ lease: prefix.group, doing: 'acquire', error }));
    await pause(clock, pollMs, signal);
  }
  await Promise.all([present, ...[...held.values()].map(({ ended }) => ended)]);
}

const shareOf = (shards: number, processes: number, rank: number): number => Math.floor(shards / processes) + (rank < shards % processes ? 1 : 0);

const activeIn = (held: ReadonlyMap<string, Held>): number => [...held.values()].filter(({ retire }) => !retire.signal.aborted).length;

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
