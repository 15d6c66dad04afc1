import { expect, test } from 'vitest';
import { createOwnWrites } from '../../../src/api/http/own-writes.ts';
import { createProgress } from '../../../src/projections/progress.ts';
import type { ViewStatus } from '../../../src/projections/projector.ts';
import { person } from '../../harness/memory-annals.ts';

const at = (place: number) => String(place).padStart(20, '0');
const standing = (view: string, place: number, state: ViewStatus['state'] = 'live'): ViewStatus => ({
  view,
  version: 1,
  state,
  position: at(place),
  lagMs: 0,
});
const never = new AbortController().signal;
const noRebuild = () => Promise.reject(new Error('no'));

test('a reading waits until its views show what the same person wrote, and only that', async () => {
  const progress = createProgress([standing('a', 1), standing('b', 1)], noRebuild);
  const writes = createOwnWrites(progress);
  const [ada, bob] = [person('ada'), person('bob')];
  writes.wrote(ada, at(5));
  writes.wrote(ada, at(3));
  await writes.visible(bob, ['a'], never);
  const order: string[] = [];
  const seen = writes.visible(ada, ['a'], never).then(() => order.push('visible'));
  progress.report([standing('a', 4), standing('b', 1)]);
  await new Promise((resolve) => setImmediate(resolve));
  order.push('moved on');
  progress.report([standing('a', 5), standing('b', 1)]);
  await seen;
  expect(order).toEqual(['moved on', 'visible']);
});

test('a halted view is not waited for', async () => {
  const writes = createOwnWrites(createProgress([standing('a', 1, 'halted')], noRebuild));
  writes.wrote(person('ada'), at(5));
  let over = false;
  void writes.visible(person('ada'), ['a'], never).then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(true);
});
