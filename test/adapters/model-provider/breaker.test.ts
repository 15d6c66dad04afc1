import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBreaker, type Permit } from '../../../src/adapters/model-provider/breaker.ts';
import { defaultLimits } from '../../../src/adapters/model-provider/models.ts';

const limits = { failures: 5, calls: 20, windowMs: 30_000, openMs: 15_000 };

/** The reference: the whole history is kept, and the state is worked out from it anew each time. */
type Entry = { at: number; failed: boolean };
interface Automaton {
  closedSince: Entry[];
  openedAt: number | null;
  probe: number | null;
}
const isTripped = (history: Entry[], now: number) => {
  const recent = history.filter(({ at }) => now - at < limits.windowMs).slice(-20);
  return recent.filter(({ failed }) => failed).length >= 5;
};

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('enter' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('fail' as const, 'succeed' as const, 'release' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 2_000, 14_999, 15_000, 30_000) }) },
);

describe('the circuit breaker', () => {
  test('stands by default as it is promised', () => expect(defaultLimits).toMatchObject(limits));

  test('behaves like the reference automaton in every sequence of faults', () => {
    const seen = { opened: 0, closedAgain: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), (steps) => {
        let now = 0;
        const breaker = createBreaker(limits, () => now);
        const model: Automaton = { closedSince: [], openedAt: null, probe: null };
        const running: { permit: Permit; id: number; era: number; probe: boolean }[] = [];
        let ids = 0;
        let era = 0;
        const trip = () => {
          Object.assign(model, { closedSince: [], openedAt: now, probe: null });
          era += 1;
          seen.opened += 1;
        };
        const note = (failed: boolean) => {
          model.closedSince.push({ at: now, failed });
          if (isTripped(model.closedSince, now)) trip();
        };
        for (const one of steps) {
          if (one.do === 'wait') now += one.ms;
          else if (one.do === 'break') {
            breaker.brokeOff();
            if (model.openedAt === null) note(true);
          } else if (one.do === 'enter') {
            const answer = breaker.enter();
            const half = model.openedAt !== null && now - model.openedAt >= limits.openMs;
            const allowed = model.openedAt === null || (half && model.probe === null);
            expect('retryAfter' in answer).toBe(!allowed);
            if ('retryAfter' in answer) {
              seen.refused += 1;
              expect(answer.retryAfter).toBeGreaterThan(0);
              continue;
            }
            ids += 1;
            if (half) model.probe = ids;
            running.push({ permit: answer, id: ids, era, probe: half });
          } else {
            const [call] = running.splice(one.which % Math.max(1, running.length), 1);
            if (!call) continue;
            call.permit[one.do === 'fail' ? 'failed' : one.do === 'succeed' ? 'succeeded' : 'released']();
            // Whatever is said a second time is not heard.
            call.permit.failed();
            if (call.era !== era) continue;
            if (call.probe && one.do === 'release') model.probe = null;
            else if (call.probe && one.do === 'fail') trip();
            else if (call.probe) {
              Object.assign(model, { closedSince: [], openedAt: null, probe: null });
              era += 1;
              seen.closedAgain += 1;
            } else if (one.do !== 'release') note(one.do === 'fail');
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(Math.min(seen.opened, seen.closedAgain, seen.refused)).toBeGreaterThan(100);
  });
});
