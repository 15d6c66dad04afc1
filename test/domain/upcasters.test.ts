import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Upcasters } from '../../src/adapters/event-store/upcast.ts';
import { upcasters } from '../../src/domain/upcasters.ts';
import { goldenProblems } from './golden.ts';

const golden = fileURLToPath(new URL('../golden', import.meta.url));
const samples = fileURLToPath(new URL('../golden/sample', import.meta.url));

const sample: Upcasters = {
  BookmarkSet: { 1: ({ message, ...rest }) => ({ ...rest, messageId: message ?? null }), 2: (data) => ({ ...data, colour: 'none' }) },
};

test('every stored version comes out of the upcasters as its golden file says', () => {
  expect(goldenProblems(sample, samples)).toEqual([]);
});

test('every version that has ever been stored comes out as its golden file says', () => {
  expect(Object.keys(upcasters).length).toBeGreaterThan(0);
  expect(goldenProblems(upcasters, golden)).toEqual([]);
});

test('an upcaster without a golden file is found', () => {
  const more = { ...sample, BookmarkCleared: { 1: (data: object) => ({ ...data }) } };
  expect(goldenProblems(more, samples)).toEqual(['BookmarkCleared.v1.json is missing']);
});

test('an upcaster that changes its mind is found', () => {
  const other = { BookmarkSet: { ...sample.BookmarkSet, 2: (data: object) => ({ ...data, colour: 'red' }) } };
  expect(goldenProblems(other, samples)).toHaveLength(2);
});
