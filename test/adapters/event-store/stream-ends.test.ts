import { expect, test } from 'vitest';
import type { AppendResult } from '../../../src/adapters/event-store/port.ts';
import { createStreamEnds } from '../../../src/adapters/event-store/stream-ends.ts';

const stored = (revision: bigint, duplicate = false): AppendResult => ({ ok: true, revision, position: '0', duplicate });

test('nothing is said of a stream to which nothing was appended', () => {
  expect(createStreamEnds().isBefore('s', 0n)).toBe(false);
});

test('the answer to an append tells where its stream ends', async () => {
  const ends = createStreamEnds();
  await ends.during('s', Promise.resolve(stored(4n)));
  expect([3n, 4n, 5n, 6n].map((revision) => ends.isBefore('s', revision))).toEqual([false, false, true, true]);
  expect(ends.isBefore('other', 5n)).toBe(false);
});

test('while any append to a stream is not answered, nothing is said of it', async () => {
  const ends = createStreamEnds();
  await ends.during('s', Promise.resolve(stored(4n)));
  const [first, second] = [Promise.withResolvers<AppendResult>(), Promise.withResolvers<AppendResult>()];
  const both = [ends.during('s', first.promise), ends.during('s', second.promise)];
  first.resolve(stored(5n));
  await both[0];
  expect(ends.isBefore('s', 6n)).toBe(false);
  second.resolve(stored(6n));
  await both[1];
  expect([6n, 7n].map((revision) => ends.isBefore('s', revision))).toEqual([false, true]);
});

test('a repeat says nothing of the end, because others may have appended since', async () => {
  const ends = createStreamEnds();
  await ends.during('s', Promise.resolve(stored(4n, true)));
  expect(ends.isBefore('s', 5n)).toBe(false);
  await ends.during('s', Promise.resolve(stored(9n)));
  await ends.during('s', Promise.resolve(stored(4n, true)));
  expect([9n, 10n].map((revision) => ends.isBefore('s', revision))).toEqual([false, true]);
});

test('what was refused, or may be stored or not, or failed, makes the end unknown', async () => {
  const ends = createStreamEnds();
  const failures: Promise<AppendResult>[] = [
    Promise.resolve({ ok: false, code: 'WrongExpectedRevision' }),
    Promise.resolve({ ok: false, code: 'OutcomeUnknown', message: '' }),
    Promise.reject(new Error('lost')),
  ];
  for (const failure of failures) {
    await ends.during('s', Promise.resolve(stored(4n)));
    await ends.during('s', failure).catch(() => undefined);
    expect(ends.isBefore('s', 5n)).toBe(false);
  }
});

test('a look into the file tells the end, unless an append may be stored at any moment', async () => {
  const ends = createStreamEnds();
  ends.found('s', -1n);
  expect(ends.isBefore('s', 0n)).toBe(true);
  const answer = Promise.withResolvers<AppendResult>();
  const appending = ends.during('s', answer.promise);
  ends.found('s', -1n);
  expect(ends.isBefore('s', 0n)).toBe(false);
  answer.resolve({ ok: false, code: 'OutcomeUnknown', message: '' });
  await appending;
  ends.found('s', -1n);
  expect(ends.isBefore('s', 0n)).toBe(false);
  await ends.during('s', Promise.resolve({ ok: false, code: 'WrongExpectedRevision' }));
  ends.found('s', 0n);
  expect([0n, 1n].map((revision) => ends.isBefore('s', revision))).toEqual([false, true]);
});
