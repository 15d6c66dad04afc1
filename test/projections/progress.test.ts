import { expect, test } from 'vitest';
import { createProgress } from '../../src/projections/progress.ts';
import type { ViewStatus } from '../../src/projections/projector.ts';

const status = (view: string, state: ViewStatus['state']): ViewStatus => ({ view, version: 1, state, position: '0', lagMs: 0 });
const soon = { timeoutMs: 20_000 };

test('a view that is being built is waited for until it is live, or will never be, and no longer than one may', async () => {
  const progress = createProgress([status('a', 'catching-up'), status('b', 'live')], async () => Promise.reject(new Error('not asked for')));
  expect(await progress.waitBuilt(['b'], soon)).toBe(true);
  expect(await progress.waitBuilt(['a'], { timeoutMs: 1 })).toBe(false);
  expect(await progress.waitBuilt(['a'], { ...soon, signal: AbortSignal.abort() })).toBe(false);
  for (const end of ['live', 'halted'] as const) {
    progress.report([status('a', 'catching-up'), status('b', 'live')]);
    const waiting = progress.waitBuilt(['a', 'b'], soon);
    progress.report([status('a', end), status('b', 'catching-up')]);
    progress.report([status('a', end), status('b', 'live')]);
    expect(await waiting).toBe(true);
  }
});
