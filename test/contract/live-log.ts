import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveEntry, LiveLog } from '../../src/adapters/live-log/port.ts';

export interface OpenedLiveLog {
  readonly log: LiveLog;
  /** Closes it and opens it again; absent where nothing outlives closing. */
  readonly reopen?: () => Promise<LiveLog>;
  readonly remove: () => Promise<void>;
}

export interface LiveLogAdapter {
  readonly name: string;
  readonly open: () => Promise<OpenedLiveLog>;
}

const small = fc.integer({ min: 0, max: 3 });
const place = fc.record({ run: fc.constantFrom('run_1', 'run_2'), segment: small, epoch: small, sequence: small });
const sealed = fc.oneof(
  fc.record({ k: fc.string(), a: fc.string(), c: fc.base64String() }),
  fc.record({ k: fc.string(), a: fc.string(), b: fc.string({ minLength: 1 }) }),
);
const entries: fc.Arbitrary<LiveEntry[]> = fc.array(
  fc.tuple(place, sealed).map(([at, value]) => ({ ...at, sealed: value })),
  { maxLength: 60 },
);

/** What every live log must do. */
export function describeLiveLogs(adapters: readonly LiveLogAdapter[]): void {
  describe.each(adapters)('the live log $name', (adapter) => {
    let opened: OpenedLiveLog;
    let log: LiveLog;
    beforeEach(async () => {
      opened = await adapter.open();
      log = opened.log;
    });
    afterEach(() => opened.remove());

    it('keeps the first write of each place and reads a run in order from any place, also after reopening', async () => {
      let attempt = 0;
      await fc.assert(
        fc.asyncProperty(entries, place, fc.boolean(), async (written, after, together) => {
          attempt += 1;
          const mine = written.map((entry) => ({ ...entry, run: `${entry.run}_${attempt}` }));
          if (together) await Promise.all(mine.map((entry) => log.append(entry)));
          else for (const entry of mine) await log.append(entry);
          if (opened.reopen && attempt % 10 === 0) log = await opened.reopen();
          for (const run of [`run_1_${attempt}`, `run_2_${attempt}`]) {
            const expected = firstOfEachPlace(mine.filter((entry) => entry.run === run));
            expect(await log.read(run)).toEqual(expected);
            expect(await log.read(run, after)).toEqual(expected.filter((entry) => order(entry, after) > 0));
          }
        }),
        { numRuns: 50 },
      );
    });

    it('lets a reader that waits for its wake-up miss nothing, whenever it comes', async () => {
      const total = 200;
      const follower = async (startAt: number) => {
        await untilLength(log, 'run_1', startAt);
        const seen: LiveEntry[] = [];
        let wake = () => {};
        let woken = new Promise<void>((resolve) => (wake = resolve));
        const stop = log.subscribe('run_1', () => wake());
        while (seen.length < total) {
          const fresh = await log.read('run_1', seen.at(-1));
          seen.push(...fresh);
          if (fresh.length > 0) continue;
          await woken;
          woken = new Promise<void>((resolve) => (wake = resolve));
        }
        stop();
        return seen.map(({ sequence }) => sequence);
      };
      const followers = [0, 1, 50, 199, 200].map(follower);
      for (let sequence = 0; sequence < total; sequence += 1) await log.append(entry({ sequence }));
      const all = Array.from({ length: total }, (_, index) => index);
      for (const seen of await Promise.all(followers)) expect(seen).toEqual(all);
    });

    it('has stored an entry when it wakes its readers', async () => {
      const found = new Promise<number>((resolve) => log.subscribe('run_1', async () => resolve((await log.read('run_1')).length)));
      await Promise.all([log.append(entry({ sequence: 0 })), log.append(entry({ sequence: 1 })), log.append(entry({ sequence: 2 }))]);
      expect(await found).toBe(3);
    });

    it('wakes the readers of that run only, and none that has stopped', async () => {
      const woken: string[] = [];
      const wake = () => woken.push('twice');
      const stopOne = log.subscribe('run_1', wake);
      const stopOther = log.subscribe('run_1', wake);
      log.subscribe('run_2', () => woken.push('foreign'));
      stopOne();
      stopOne();
      await log.append(entry({ sequence: 0 }));
      await settled(log);
      expect(woken).toEqual(['twice']);
      stopOther();
      await log.append(entry({ sequence: 1 }));
      await settled(log);
      expect(woken).toEqual(['twice']);
    });

    it('lets go of a run when its time has come, says how many entries went, and keeps the others', async () => {
      for (let sequence = 0; sequence < 1_200; sequence += 1) void log.append(entry({ sequence }));
      await log.append(entry({ run: 'run_2', sequence: 0 }));
      await log.append(entry({ run: 'run_3', sequence: 0 }));
      await log.expire('run_1', 1_000);
      await log.expire('run_2', 2_000);
      expect(await log.sweep(999)).toBe(0);
      const survivor = opened.reopen ? await opened.reopen() : log;
      expect(await survivor.sweep(1_000)).toBe(1_200);
      expect(await survivor.read('run_1')).toEqual([]);
      expect(await survivor.read('run_2')).toHaveLength(1);
      expect(await survivor.read('run_3')).toHaveLength(1);
      expect(await survivor.sweep(1_000)).toBe(0);
    });

    it('goes by the last time that was set', async () => {
      await log.append(entry({ sequence: 0 }));
      await log.expire('run_1', 1_000);
      await log.expire('run_1', 5_000);
      expect(await log.sweep(4_999)).toBe(0);
      expect(await log.sweep(5_000)).toBe(1);
    });
  });
}

const entry = (at: Partial<LiveEntry>): LiveEntry => ({
  run: 'run_1',
  segment: 0,
  epoch: 1,
  sequence: 0,
  sealed: { k: 'key_1', a: 'a', c: '' },
  ...at,
});

const order = (a: Omit<LiveEntry, 'run' | 'sealed'>, b: Omit<LiveEntry, 'run' | 'sealed'>) =>
  a.segment - b.segment || a.epoch - b.epoch || a.sequence - b.sequence;

function firstOfEachPlace(written: readonly LiveEntry[]): LiveEntry[] {
  return written.filter((one, index) => written.findIndex((other) => order(one, other) === 0) === index).sort(order);
}

async function untilLength(log: LiveLog, run: string, length: number): Promise<void> {
  if (length === 0) return;
  const enough = async () => (await log.read(run)).length >= length;
  await new Promise<void>((resolve) => {
    const check = async () => {
      if (await enough()) resolve(stop());
    };
    const stop = log.subscribe(run, () => void check());
    void check();
  });
}

/** After this, what earlier appends had to wake has been woken. */
async function settled(log: LiveLog): Promise<void> {
  const woken = new Promise<void>((resolve) => log.subscribe('run_last', resolve));
  await log.append(entry({ run: 'run_last', sequence: Math.floor(Math.random() * 1e9) }));
  await woken;
}
