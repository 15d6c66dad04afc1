import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../../src/api/http/body.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (levels: number) => bytes('['.repeat(levels) + ']'.repeat(levels));

test('JSON comes through as it is', () => {
  const noProto = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (!Object.hasOwn(value, '__proto__') && Object.values(value).every(noProto));
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }).filter(noProto), (value) => {
      expect(parseJson(bytes(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a member named __proto__ is left out, however deep', () => {
  const parsed = parseJson(bytes('{"a":[{"__proto__":{"polluted":true},"b":1}],"__proto__":1}'));
  expect(JSON.stringify(parsed)).toBe('{"a":[{"b":1}]}');
  expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
});

test('64 levels are enough, one more is too many, and a million do no harm', () => {
  expect(parseJson(nested(64))).toBeInstanceOf(Array);
  for (const levels of [65, 200, 1_000_000]) expect(() => parseJson(nested(levels))).toThrow(/64 levels/);
});

test.each(['', '{', '{"a":1}x', "{'a':1}", '{"a":undefined}', 'NaN', '[1e999]', '{"a":"\\ud800"}', '{"\\udc00":1}'])('%s is refused', (text) => {
  expect(() => parseJson(bytes(text))).toThrow();
});

test('bytes that are no UTF-8 are refused', () => {
  expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/UTF-8/);
});
