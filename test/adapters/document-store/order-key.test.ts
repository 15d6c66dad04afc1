import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8 } from '../../../src/adapters/document-store/order-key.ts';

const units = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'é', '\uD7FF', '\uE000', '\uFFFF', '\u{10000}', '\u{1F600}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 6,
});

test('strings order as their UTF-8 bytes do', () => {
  fc.assert(
    fc.property(units, units, (left, right) => {
      expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { numRuns: 1000 },
  );
});
