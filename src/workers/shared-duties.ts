import { setTimeout as sleep } from 'node:timers/promises';
import type { LeaseHolder } from '../adapters/leases/hold.ts';
import type { Leases } from '../adapters/leases/port.ts';
import { createSightings } from '../adapters/leases/sightings.ts';
import { type Duties, type EffectId, effectStream } from './duties.ts';
import { type Shard, shardsOf } from './shard.ts';

export interface SharedDuties extends Duties {
  /** Shows the others that this process is alive, until the signal: longer than it reacts, because answers under way come to their end after that. */
  live(signal: AbortSignal): Promise<void>;
}

export interface SharedDutiesParts {
  readonly leases: Leases;
  readonly hold: LeaseHolder;
  /** This process since this start of it. */
  readonly process: string;
  readonly ttlMs: number;
  readonly now?: () => number;
}

const SHARDS = 8;
const TAKE_OVER_EVERY_MS = 1000;

/** The duties of one worker among several, shared by leases. */
export function createSharedDuties({ leases, hold, process, ttlMs, now = () => performance.now() }: SharedDutiesParts): SharedDuties {
  const shards = new Map(shardsOf(SHARDS).map((shard) => [shard.name, shard]));
  const held = new Set<Shard>();
  const sightings = createSightings(now);
  const shown = Promise.withResolvers<void>();
  const alive = (holder: string): string => `worker/${holder}`;
  const claimOf = (effect: EffectId): string => `run/${effect}/${process}`;

  /** Who is alive is watched all the time, so that a death has been noticed by the time its work is looked for. */
  const watch = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await leases.list(alive('')).then(
        (rows) => sightings.noteAll(alive(''), rows),
        () => undefined,
      );
      await sleep(ttlMs / 4, undefined, { signal }).catch(() => undefined);
    }
  };
  const isAlive = async (holder: string): Promise<boolean> => {
    const row = await leases.read(alive(holder));
    return sightings.note(alive(holder), row) < ttlMs && row !== undefined;
  };

  return {
    takeOver: { everyMs: TAKE_OVER_EVERY_MS },
    live: async (signal) => {
      const present = (stop: AbortSignal): Promise<void> => {
        shown.resolve();
        return new Promise((ended) => stop.addEventListener('abort', () => ended()));
      };
      await Promise.all([watch(signal), hold.campaign(alive(process), (_, stop) => present(stop), signal)]);
    },
    async react(work, signal) {
      signal.addEventListener('abort', () => shown.resolve());
      // Who is not known to be alive cannot claim anything.
      await shown.promise;
      await hold.campaignShards({
        group: 'reactions',
        names: [...shards.keys()],
        signal,
        work: async (name, _, stop) => {
          const shard = shards.get(name);
          if (!shard) return;
          held.add(shard);
          await work(shard, stop).finally(() => held.delete(shard));
        },
      });
    },
    alone: (name, work, signal) => hold.campaign(name, (lease, stop) => work(stop, lease.isHeld), signal),
    looksAfter: (effect) => [...held].some((shard) => shard.has(effectStream(effect))),
    claim: async (run) => {
      const name = claimOf(run);
      await leases.compareAndSet(name, undefined, { name, holder: process, token: 1, renewals: 0 });
    },
    release: async (run) => {
      const name = claimOf(run);
      await leases.compareAndSet(name, { name, holder: process, token: 1, renewals: 0 }, undefined);
    },
    async isAbandoned(run) {
      for (const { holder, name } of await leases.list(`run/${run}/`)) {
        if (holder === process) continue;
        if (await isAlive(holder)) return false;
        // Whoever is dead claims nothing any more.
        await leases.compareAndSet(name, { name, holder, token: 1, renewals: 0 }, undefined);
      }
      return true;
    },
  };
}
