import type { ModelClock } from '../../../src/adapters/model-provider/clock.ts';

export interface FakeClock extends ModelClock {
  /** Lets time pass, timers and all that follows from them included. */
  pass(milliseconds: number): Promise<void>;
  /** Timers that wait. */
  readonly pending: number;
}

/** Everything that can happen without time passing has happened after this. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export function fakeClock(): FakeClock {
  let time = 0;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => time,
    after(milliseconds, run) {
      const timer = { at: time + milliseconds, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    get pending() {
      return timers.length;
    },
    async pass(milliseconds) {
      const end = time + milliseconds;
      await settled();
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
        if (!due) break;
        timers = timers.filter((other) => other !== due);
        time = due.at;
        due.run();
        await settled();
      }
      time = end;
    },
  };
}
