import { assertFieldName } from './names.ts';
import { compareKeys, compoundKey, falseKey, nullKey, type OrderKey, orderKey, trueKey } from './order-key.ts';
import type { Condition, Filter, Scalar } from './port.ts';

export interface Bound {
  readonly operator: '>' | '>=' | '<' | '<=';
  readonly key: OrderKey;
}

/** One condition, resolved to order keys so that adapters need not know about types any more. */
export type Clause =
  | { readonly kind: 'in'; readonly field: string; readonly keys: readonly OrderKey[] }
  | { readonly kind: 'not'; readonly field: string; readonly key: OrderKey }
  | { readonly kind: 'range'; readonly field: string; readonly bounds: readonly Bound[] };

const operators = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const isRangeOperator = (name: string): name is keyof typeof operators => Object.hasOwn(operators, name);

interface Comparison {
  readonly operator: Bound['operator'];
  readonly operand: Scalar;
}

/** Where the values of one type begin and end in the order of keys. */
function reach(operand: Scalar): { lower: Bound; upper: Bound } {
  switch (typeof operand) {
    case 'string':
      return { lower: { operator: '>=', key: '' }, upper: { operator: '<', key: compoundKey } };
    case 'number':
      return { lower: { operator: '>', key: trueKey }, upper: { operator: '<', key: '' } };
    case 'boolean':
      return { lower: { operator: '>=', key: falseKey }, upper: { operator: '<=', key: trueKey } };
    default:
      return { lower: { operator: '>=', key: nullKey }, upper: { operator: '<=', key: nullKey } };
  }
}

const typeOf = (value: Scalar) => (value === null ? 'null' : typeof value);

/** A range sees only values of its operand's own type: `{ lte: 5 }` matches neither null nor a missing field, `{ gt: 1, lt: 'a' }` nothing. */
function rangeClause(field: string, comparisons: readonly Comparison[]): Clause {
  const [first] = comparisons;
  if (first === undefined) throw new TypeError(`The condition on ${field} is empty.`);
  if (comparisons.some(({ operand }) => typeOf(operand) !== typeOf(first.operand))) return { kind: 'in', field, keys: [] };
  const bounds = comparisons.map(({ operator, operand }): Bound => ({ operator, key: orderKey(operand) }));
  const { lower, upper } = reach(first.operand);
  const bounded = (side: '>' | '<') => bounds.some(({ operator }) => operator.startsWith(side));
  return { kind: 'range', field, bounds: [...bounds, ...(bounded('>') ? [] : [lower]), ...(bounded('<') ? [] : [upper])] };
}

/** An undefined operand must never drop its condition: that could show one person's documents to another. */
function scalar(field: string, value: unknown): Scalar {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return value;
  throw new TypeError(`The condition on ${field} compares with something else than a string, a finite number, a boolean or null.`);
}

function clause(field: string, condition: Condition): Clause {
  assertFieldName(field);
  if (typeof condition !== 'object' || condition === null) return { kind: 'in', field, keys: [orderKey(scalar(field, condition))] };
  const entries: [string, unknown][] = Object.entries(condition);
  if (entries.length === 1) {
    if ('in' in condition) return { kind: 'in', field, keys: condition.in.map((value) => orderKey(scalar(field, value))) };
    if ('not' in condition) return { kind: 'not', field, key: orderKey(scalar(field, condition.not)) };
    if ('exists' in condition) return condition.exists ? { kind: 'not', field, key: nullKey } : { kind: 'in', field, keys: [nullKey] };
  }
  const comparisons = entries.flatMap(([name, operand]) =>
    isRangeOperator(name) ? [{ operator: operators[name], operand: scalar(field, operand) }] : [],
  );
  if (comparisons.length === entries.length) return rangeClause(field, comparisons);
  throw new TypeError(`The condition on ${field} is not one of: a scalar, in, not, exists, or gt, gte, lt, lte.`);
}

/** All clauses must hold. A malformed filter is a bug and throws. */
export const clausesOf = (filter: Filter): Clause[] => Object.entries(filter).map(([field, condition]) => clause(field, condition));

function withinBound(key: OrderKey, bound: Bound): boolean {
  const order = compareKeys(key, bound.key);
  switch (bound.operator) {
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
  }
}

export function matches(key: OrderKey, test: Clause): boolean {
  switch (test.kind) {
    case 'in':
      return test.keys.some((wanted) => compareKeys(key, wanted) === 0);
    case 'not':
      return compareKeys(key, test.key) !== 0;
    case 'range':
      return test.bounds.every((bound) => withinBound(key, bound));
  }
}
