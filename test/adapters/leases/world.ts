import { createLeaseHolder, type HeldLease, type LeaseHolder, type LeaseProblem } from '../../../src/adapters/leases/hold.ts';
import { createMemoryLeases } from '../../../src/adapters/leases/memory.ts';
import type { Leases } from '../../../src/adapters/leases/port.ts';
import { fakeClock, settled } from '../model-provider/fake-clock.ts';

export const TTL_MS = 1_200;
/** To the store, and back again. */
export const WAY_MS = 5;

/** A process as its neighbours may find it. */
export interface Member {
  readonly name: string;
  readonly holder: LeaseHolder;
  readonly problems: LeaseProblem[];
  /** Stands still: no timer of it runs, nothing it asked is answered; its clock goes on, as a real one does. */
  freeze(): void;
  thaw(): Promise<void>;
  /** Its requests to the store fail, before or after they have had their effect. */
  cut(when: 'before' | 'after'): void;
  mend(): void;
  readonly frozen: boolean;
}

/** Processes with clocks of one rate and different zeros, around one store. */
export function createWorld() {
  const clock = fakeClock();
  const store = createMemoryLeases();

  function join(name: string): Member {
    const zero = name.length * 1_000_003;
    let frozen = false;
    let cut: 'before' | 'after' | undefined;
    let waiting: (() => void)[] = [];
    const problems: LeaseProblem[] = [];
    const awake = (): Promise<void> => (frozen ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve());

    async function travel(): Promise<void> {
      await awake();
      await new Promise<void>((resolve) => clock.after(WAY_MS, resolve));
      await awake();
    }

    async function overNetwork<Result>(work: () => Promise<Result>): Promise<Result> {
      await travel();
      if (cut === 'before') throw new Error('The store is out of reach.');
      const result = await work();
      await travel();
      if (cut === 'after') throw new Error('The answer was lost.');
      return result;
    }

    const leases: Leases = {
      read: (row) => overNetwork(() => store.read(row)),
      list: (prefix) => overNetwork(() => store.list(prefix)),
      compareAndSet: (row, expected, next) => overNetwork(() => store.compareAndSet(row, expected, next)),
      close: async () => {},
    };
    const holder = createLeaseHolder({
      leases,
      holder: name,
      ttlMs: TTL_MS,
      pollMs: 100,
      clock: {
        now: () => clock.now() + zero,
        after: (milliseconds, run) => clock.after(milliseconds, () => (frozen ? void waiting.push(run) : run())),
      },
      onProblem: (problem) => problems.push(problem),
    });
    return {
      name,
      holder,
      problems,
      freeze: () => {
        frozen = true;
      },
      thaw: async () => {
        frozen = false;
        const held = waiting;
        waiting = [];
        for (const run of held) run();
        await settled();
      },
      cut: (when) => {
        cut = when;
      },
      mend: () => {
        cut = undefined;
      },
      get frozen() {
        return frozen;
      },
    };
  }

  /** Lets time pass until the work has ended. */
  async function until<Result>(work: Promise<Result>): Promise<Result> {
    let over = false;
    const end = () => {
      over = true;
    };
    work.then(end, end);
    while (!over) await clock.pass(WAY_MS);
    return work;
  }

  return { clock, store, join, until };
}

/** Work that only holds: it notes each lease it got, and ends when it is asked to. */
export function createKeeper() {
  const got: Pick<HeldLease, 'name' | 'token' | 'isHeld' | 'lost'>[] = [];
  return {
    got,
    held: () => got.filter((lease) => lease.isHeld()),
    work: (lease: (typeof got)[number], stop: AbortSignal): Promise<void> => {
      got.push(lease);
      return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
}
