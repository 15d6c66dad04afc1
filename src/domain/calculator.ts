/** What an expression comes to: `exact` where no rounding took place. */
export type Calculated = { readonly ok: true; readonly result: string; readonly exact: boolean } | { readonly ok: false; readonly message: string };

/** A fraction in lowest terms with a positive denominator, or a number of 53 bits where no fraction says it. */
type Value = { readonly n: bigint; readonly d: bigint } | number;

const LONGEST = 1000;
const DEEPEST = 100;
/** Fractions that would need more bits than this are rounded to 53. */
const MOST_BITS = 20_000;
/** Decimal places that a result is written out to where it has no end. */
const PLACES = 30n;

class Wrong extends Error {}

/** Calculates with + - * / % ^, parentheses, functions and constants: a parser of its own, in which nothing can be called but what stands here. */
export function calculate(expression: string): Calculated {
  if (expression.length > LONGEST) return { ok: false, message: `An expression may have ${LONGEST} characters.` };
  try {
    const tokens = tokensOf(expression);
    const reader = { tokens, at: 0, depth: 0 };
    const value = parse(reader, 0);
    if (reader.at < tokens.length) throw new Wrong(`"${tokens[reader.at]}" is not expected there.`);
    return written(value);
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, message: error.message };
    throw error;
  }
}

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-zπ][A-Za-z0-9]*)|(\*\*|[-+*/%^(),×÷−]))/y;
const spelling = new Map([
  ['×', '*'],
  ['÷', '/'],
  ['−', '-'],
  ['**', '^'],
  ['π', 'pi'],
]);

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (!match) throw new Wrong(`"${expression.slice(at).trim().slice(0, 20)}" is not understood.`);
    const token = match[1] ?? match[2] ?? match[3] ?? '';
    tokens.push(spelling.get(token) ?? token);
  }
  if (tokens.length === 0) throw new Wrong('There is nothing to calculate.');
  return tokens;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
  depth: number;
}

/** How tightly what stands between two values binds them; what binds to the right binds its right side a little less. */
const binding: Readonly<Record<string, readonly [left: number, right: number]>> = {
  '+': [10, 11],
  '-': [10, 11],
  '*': [20, 21],
  '/': [20, 21],
  '%': [20, 21],
  '^': [40, 39],
};
const UNARY = 30;

function parse(reader: Reader, least: number): Value {
  if (++reader.depth > DEEPEST) throw new Wrong(`An expression may be nested ${DEEPEST} levels deep.`);
  let left = prefix(reader);
  for (;;) {
    const operator = reader.tokens[reader.at] ?? '';
    const powers = Object.hasOwn(binding, operator) ? binding[operator] : undefined;
    if (!powers || powers[0] < least) break;
    reader.at++;
    left = combine(operator, left, parse(reader, powers[1]));
  }
  reader.depth--;
  return left;
}

function prefix(reader: Reader): Value {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw new Wrong('The expression ends too early.');
  if (token === '-') return combine('*', fraction(-1n), parse(reader, UNARY));
  if (token === '+') return parse(reader, UNARY);
  if (token === '(') {
    const inner = parse(reader, 0);
    expect(reader, ')');
    return inner;
  }
  if (/^[\d.]/.test(token)) return literal(token);
  if (!/^[A-Za-z]/.test(token)) throw new Wrong(`"${token}" is not expected there.`);
  const name = token.toLowerCase();
  if (reader.tokens[reader.at] !== '(') return constant(name);
  reader.at++;
  const values = [parse(reader, 0)];
  while (reader.tokens[reader.at] === ',') {
    reader.at++;
    values.push(parse(reader, 0));
  }
  expect(reader, ')');
  return apply(name, values);
}

function expect(reader: Reader, token: string): void {
  if (reader.tokens[reader.at++] !== token) throw new Wrong(`A "${token}" is missing.`);
}

function literal(token: string): Value {
  const [mantissa = '', exponent = '0'] = token.toLowerCase().split('e');
  const [whole = '', part = ''] = mantissa.split('.');
  const shift = Number(exponent) - part.length;
  if (Math.abs(shift) > 4000) throw new Wrong(`${token} is too large or too small.`);
  const digits = BigInt(whole + part || '0');
  return shift >= 0 ? fraction(digits * 10n ** BigInt(shift)) : fraction(digits, 10n ** BigInt(-shift));
}

const constants: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI };
function constant(name: string): Value {
  const value = Object.hasOwn(constants, name) ? constants[name] : undefined;
  if (value === undefined) throw new Wrong(`There is no constant ${name}: there are ${Object.keys(constants).join(', ')}.`);
  return value;
}

const bits = (n: bigint): number => (n < 0n ? -n : n).toString(16).length * 4;

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function fraction(n: bigint, d = 1n): Value {
  if (d === 0n) throw new Wrong('Nothing can be divided by zero.');
  const common = d === 1n ? 1n : gcd(n, d < 0n ? -d : d) || 1n;
  const sign = d < 0n ? -1n : 1n;
  const reduced = { n: (sign * n) / common, d: (sign * d) / common };
  return bits(reduced.n) + bits(reduced.d) > MOST_BITS ? finite(toNumber(reduced)) : reduced;
}

/** Also where numerator and denominator are both too large for a number. */
function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  const { n, d } = value;
  const shift = Math.max(bits(n), bits(d)) - 1000;
  return shift <= 0 ? Number(n) / Number(d) : Number((n * 10n ** 25n) / d) / 1e25;
}

function finite(x: number): number {
  if (!Number.isFinite(x)) throw new Wrong('The result is too large, or is none.');
  return x;
}

function combine(operator: string, a: Value, b: Value): Value {
  if (operator === '^') return power(a, b);
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [toNumber(a), toNumber(b)];
    if ((operator === '/' || operator === '%') && y === 0) throw new Wrong('Nothing can be divided by zero.');
    return finite(
      operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : operator === '/' ? x / y : x - y * Math.floor(x / y),
    );
  }
  switch (operator) {
    case '+':
      return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
    case '-':
      return fraction(a.n * b.d - b.n * a.d, a.d * b.d);
    case '*':
      return fraction(a.n * b.n, a.d * b.d);
    case '/':
      return fraction(a.n * b.d, a.d * b.n);
    default: {
      if (b.n === 0n) throw new Wrong('Nothing can be divided by zero.');
      const whole = floored(a.n * b.d, a.d * b.n);
      return fraction(a.n * b.d - whole * b.n * a.d, a.d * b.d);
    }
  }
}

/** The remainder has the sign of what is divided by, as people who calculate with clocks expect. */
function floored(n: bigint, d: bigint): bigint {
  const quotient = n / d;
  return n % d !== 0n && n < 0n !== d < 0n ? quotient - 1n : quotient;
}

function power(a: Value, b: Value): Value {
  if (typeof a !== 'number' && typeof b !== 'number' && b.d === 1n) {
    const exponent = b.n < 0n ? -b.n : b.n;
    if (exponent * BigInt(Math.max(bits(a.n), bits(a.d))) <= BigInt(MOST_BITS)) {
      if (a.n === 0n && b.n < 0n) throw new Wrong('Nothing can be divided by zero.');
      const [n, d] = [a.n ** exponent, a.d ** exponent];
      return b.n < 0n ? fraction(d, n) : fraction(n, d);
    }
  }
  return finite(toNumber(a) ** toNumber(b));
}

const half = (value: Value, places: bigint): Value => {
  if (typeof value === 'number') return rounded(value, places);
  const scale = 10n ** places;
  const negative = value.n < 0n;
  const magnitude = floored(2n * (negative ? -value.n : value.n) * scale + value.d, 2n * value.d);
  return fraction(negative ? -magnitude : magnitude, scale);
};
const rounded = (x: number, places: bigint): Value => finite(Math.sign(x) * Number(`${Math.round(Number(`${Math.abs(x)}e${places}`))}e-${places}`));

function root(value: Value): Value {
  if (typeof value !== 'number' && value.n >= 0n) {
    const [n, d] = [isqrt(value.n), isqrt(value.d)];
    if (n * n === value.n && d * d === value.d) return fraction(n, d);
  }
  return finite(Math.sqrt(toNumber(value)));
}

function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt(Math.ceil(bits(n) / 2) + 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

const whole = (value: Value, down: (n: bigint, d: bigint) => bigint, other: (x: number) => number): Value =>
  typeof value === 'number' ? finite(other(value)) : fraction(down(value.n, value.d));
const less = (a: Value, b: Value): boolean => (typeof a === 'number' || typeof b === 'number' ? toNumber(a) < toNumber(b) : a.n * b.d < b.n * a.d);
const float = (of: (x: number) => number) => (value: Value) => finite(of(toNumber(value)));

type Call = (first: Value, ...rest: readonly Value[]) => Value;
const functions: Readonly<Record<string, readonly [least: number, most: number, call: Call]>> = {
  sqrt: [1, 1, root],
  abs: [1, 1, (value) => (less(value, fraction(0n)) ? combine('*', fraction(-1n), value) : value)],
  round: [1, 2, (value, places = fraction(0n)) => half(value, placesOf(places))],
  floor: [1, 1, (value) => whole(value, floored, Math.floor)],
  ceil: [1, 1, (value) => whole(value, (n, d) => -floored(-n, d), Math.ceil)],
  min: [1, 100, (...values) => values.reduce((a, b) => (less(b, a) ? b : a))],
  max: [1, 100, (...values) => values.reduce((a, b) => (less(a, b) ? b : a))],
  log: [1, 2, (value, base = fraction(10n)) => logarithm(toNumber(value), toNumber(base))],
  ln: [1, 1, float(Math.log)],
  exp: [1, 1, float(Math.exp)],
  sin: [1, 1, float(Math.sin)],
  cos: [1, 1, float(Math.cos)],
  tan: [1, 1, float(Math.tan)],
};

const logarithm = (x: number, base: number): number => finite(base === 10 ? Math.log10(x) : base === 2 ? Math.log2(x) : Math.log(x) / Math.log(base));

function placesOf(value: Value): bigint {
  if (typeof value === 'number' || value.d !== 1n || value.n < 0n || value.n > 100n) throw new Wrong('round takes 0 to 100 places.');
  return value.n;
}

function apply(name: string, values: readonly Value[]): Value {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!found) throw new Wrong(`There is no function ${name}: there are ${Object.keys(functions).join(', ')}.`);
  const [least, most, call] = found;
  if (values.length < least || values.length > most) throw new Wrong(`${name} takes ${least === most ? least : `${least} to ${most}`} values.`);
  return call(values[0] as Value, ...values.slice(1));
}

function written(value: Value): Calculated {
  if (typeof value === 'number') return { ok: true, result: String(Number(value.toPrecision(15))), exact: false };
  const negative = value.n < 0n;
  const n = negative ? -value.n : value.n;
  const sign = negative ? '-' : '';
  if (value.d === 1n) return { ok: true, result: `${sign}${n}`, exact: true };
  let places = 0n;
  let rest = value.d;
  for (const prime of [2n, 5n]) {
    let count = 0n;
    while (rest % prime === 0n) {
      rest /= prime;
      count++;
    }
    places = count > places ? count : places;
  }
  const exact = rest === 1n && places <= 1000n;
  const scale = 10n ** (exact ? places : PLACES);
  const digits = exact ? (n * scale) / value.d : floored(2n * n * scale + value.d, 2n * value.d);
  const fractional = (digits % scale)
    .toString()
    .padStart(Number(exact ? places : PLACES), '0')
    .replace(/0+$/, '');
  return { ok: true, result: `${sign}${digits / scale}${fractional === '' ? '' : `.${fractional}`}`, exact };
}
