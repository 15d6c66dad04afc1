import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafOf, leafText } from '../../../src/adapters/event-store/leaf.ts';

const text = fc.string({ unit: 'grapheme' });
const object = fc.dictionary(text, fc.jsonValue({ stringUnit: 'grapheme' })).map((value) => JSON.parse(JSON.stringify(value)));

test('the leaf is SHA-256 of the RFC 8785 form of the whole event', () => {
  const fields = { id: fc.uuid(), type: text, stream: text, version: fc.nat(), revision: fc.maxSafeNat(), data: object, metadata: object };
  fc.assert(
    fc.property(fc.record(fields), ({ data, metadata, ...rest }) => {
      const whole = canonicalize({ ...rest, data, metadata }) ?? '';
      const event = { ...rest, data: canonicalize(data) ?? '', metadata: canonicalize(metadata) ?? '' };
      expect(leafText(event)).toBe(whole);
      expect(leafOf(event).equals(createHash('sha256').update(whole, 'utf8').digest())).toBe(true);
    }),
  );
});
