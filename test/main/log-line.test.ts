import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logLine } from '../../src/main/log-line.ts';

test('A26: whatever a message holds is one line, without anything that a terminal obeys or that turns text round', () => {
  const nasty = fc.constantFrom(
    '\r\n',
    '\n',
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u2066',
    '\u0000',
    'annals: all is well',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: 'grapheme' })), { maxLength: 8 }), (parts) => {
      const line = logLine(parts.join(''));
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
  expect(logLine('request x: Error: no\n    at here\u001b[31m')).toBe('request x: Error: no\\n    at here\\u001b[31m');
  expect(logLine('Grüße, 世界 🙂')).toBe('Grüße, 世界 🙂');
});
