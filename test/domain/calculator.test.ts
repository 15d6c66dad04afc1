import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calculate } from '../../src/domain/calculator.ts';

/** A fraction, calculated on its own: the second opinion. */
type Fraction = readonly [bigint, bigint];
type Tree = { readonly text: string; readonly value: Fraction | 'none' };

const operate = (operator: string, [a, b]: Fraction, [c, d]: Fraction): Fraction | 'none' => {
  if (operator === '+') return [a * d + c * b, b * d];
  if (operator === '-') return [a * d - c * b, b * d];
  if (operator === '*') return [a * c, b * d];
  return c === 0n ? 'none' : c < 0n ? [-a * d, -b * c] : [a * d, b * c];
};

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.nat(1000).map((n) => ({ text: String(n), value: [BigInt(n), 1n] as const })),
  fc
    .tuple(fc.nat(99), fc.integer({ min: 0, max: 99 }))
    .map(([n, part]) => ({ text: `${n}.${String(part).padStart(2, '0')}`, value: [BigInt(n * 100 + part), 100n] as const })),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    tie('tree').map(({ text, value }): Tree => ({ text: `-(${text})`, value: value === 'none' ? value : [-value[0], value[1]] })),
    fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/'), tie('tree')).map(
      ([a, operator, b]): Tree => ({
        text: `(${a.text}) ${operator} (${b.text})`,
        value: a.value === 'none' || b.value === 'none' ? 'none' : operate(operator, a.value, b.value),
      }),
    ),
  ),
}));

test('sums, products and quotients come out as another way of calculating them says, to the last digit', () => {
  fc.assert(
    fc.property(tree, ({ text, value }) => {
      const calculated = calculate(text);
      if (text.length > 1000) return void expect(calculated).toMatchObject({ ok: false });
      if (value === 'none') return void expect(calculated).toEqual({ ok: false, message: 'Nothing can be divided by zero.' });
      if (!calculated.ok) throw new Error(`${text}: ${calculated.message}`);
      const [whole = '', part = ''] = calculated.result.replace('-', '').split('.');
      const scale = 10n ** BigInt(part.length);
      const sign = calculated.result.startsWith('-') ? -1n : 1n;
      const got = sign * BigInt(whole + part);
      const [n, d] = value;
      if (calculated.exact) expect(got * d).toBe(n * scale);
      else {
        const off = got * d - n * scale;
        expect((off < 0n ? -off : off) * 2n <= d * scale, `${text} is not ${calculated.result}`).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('without parentheses what binds more tightly goes first, and what is equal from the left, powers from the right', () => {
  const signs = fc.constantFrom('+', '-', '*');
  fc.assert(
    fc.property(fc.array(fc.tuple(signs, fc.integer({ min: 0, max: 99 })), { minLength: 1, maxLength: 12 }), (steps) => {
      const terms: bigint[] = [];
      for (const [sign, n] of steps) {
        if (sign === '*' && terms.length > 0) terms.push((terms.pop() ?? 0n) * BigInt(n));
        else terms.push(sign === '-' ? -BigInt(n) : BigInt(n));
      }
      const [first] = steps;
      const text = steps.map(([sign, n], at) => `${at === 0 && sign !== '-' ? '' : sign}${n}`).join('');
      expect(calculate(text), String(first)).toEqual({ ok: true, exact: true, result: String(terms.reduce((a, b) => a + b, 0n)) });
    }),
  );
  expect(calculate('2^3^2')).toMatchObject({ result: '512' });
  expect(calculate('-2^2')).toMatchObject({ result: '-4' });
  expect(calculate('2^-2')).toMatchObject({ result: '0.25' });
  expect(calculate('8 / 4 / 2')).toMatchObject({ result: '1' });
  expect(calculate('10 - 4 - 3')).toMatchObject({ result: '3' });
});

test.each([
  ['0.1 + 0.2', '0.3', true],
  ['2^200', String(2n ** 200n), true],
  ['1/3', '0.333333333333333333333333333333', false],
  ['-7 % 3', '2', true],
  ['7.5 % 2', '1.5', true],
  ['sqrt(144/25)', '2.4', true],
  ['sqrt(2)', '1.4142135623731', false],
  ['round(2.5) + round(-2.5)', '0', true],
  ['round(1.005, 2)', '1.01', true],
  ['floor(-1.5) + ceil(-1.5)', '-3', true],
  ['min(3, 1, 2) + max(3, 1, 2)', '4', true],
  ['abs(-1/4)', '0.25', true],
  ['log(1000)', '3', false],
  ['log(8, 2)', '3', false],
  ['ln(exp(2))', '2', false],
  ['sin(pi/2) + cos(0) + tan(0)', '2', false],
  ['2 × 3 ÷ 4 − 1', '0.5', true],
  ['1e3 + 1.5e-3', '1000.0015', true],
  ['2 ** 10', '1024', true],
])('%s is %s', (expression, result, exact) => expect(calculate(expression)).toEqual({ ok: true, result, exact }));

test.each([
  '',
  '1 +',
  '(1',
  '1)',
  '1 2',
  '1 / 0',
  '1 % 0',
  '0 ^ -1',
  'sqrt(-1)',
  'ln(0)',
  'nothing(1)',
  'constructor',
  'toString()',
  'constructor(1)',
  '__proto__',
  'process.exit(1)',
  'globalThis["x"]',
  '1; 2',
  '`1`',
  'min()',
  'sqrt(1, 2)',
  '1e99999',
  '9^9^9^9^9',
  'round(1, 1000)',
])('%j is told as wrong, and nothing else happens', (expression) =>
  expect(calculate(expression)).toMatchObject({ ok: false, message: expect.stringMatching(/\.$/) }),
);

test('whatever text it is given, it answers soon, and never throws', () => {
  const piece = fc.constantFrom('9', '(', ')', '^', '-', '%', '/', '*', ',', 'sqrt(', 'round(', 'max(', '1e300', '.', 'pi', ' ');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const before = process.cpuUsage();
      expect(calculate(pieces.join(''))).toHaveProperty('ok');
      expect(process.cpuUsage(before).user, 'microseconds').toBeLessThan(2_000_000);
    }),
    { numRuns: 500 },
  );
  expect(calculate('('.repeat(500))).toMatchObject({ ok: false });
  expect(calculate(`${'9'.repeat(400)}^${'9'.repeat(400)}`)).toMatchObject({ ok: false });
  expect(calculate('1'.repeat(1001))).toMatchObject({ ok: false });
});
