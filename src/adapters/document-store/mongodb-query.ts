import type { Document } from 'mongodb';
import type { Bound, Clause } from './clause.ts';
import { documentsOnly, reserved } from './mongodb-layout.ts';
import { compoundKey, falseKey, nullKey, type OrderKey, trueKey } from './order-key.ts';
import type { Page } from './page.ts';
import type { SortTerm } from './sort.ts';

/** Where the order key of a field is found. */
export const keyPath = (field: string): string => (field === '_id' || field === '_pos' ? field : `_keys.${field}`);

/** Equal to `orderKey` in JavaScript, for documents that have no key of this field yet. */
export function computedKey(field: string): Document {
  const value = reserved.has(field) ? null : `$${field}`;
  const type = { $type: value };
  const cases: [Document, OrderKey | string][] = [
    [{ $eq: [value, true] }, trueKey],
    [{ $eq: [value, false] }, falseKey],
    [{ $in: [type, ['missing', 'null']] }, nullKey],
    [{ $in: [type, ['object', 'array']] }, compoundKey],
  ];
  const computed = cases.reduceRight<unknown>((otherwise, [condition, key]) => ({ $cond: [condition, key, otherwise] }), value);
  return { $ifNull: [`$_keys.${field}`, computed] };
}

/** One row more than the page, which tells whether there is a next one. */
export function pagePipeline(fields: ReadonlySet<string>, clauses: readonly Clause[], { sort, limit, offset, after }: Page): Document[] {
  return [
    ...matchStages(fields, clauses, sort),
    ...(after === undefined ? [] : [{ $match: afterCondition(sort, after) }]),
    { $sort: Object.fromEntries(sort.map(({ field, descending }) => [keyPath(field), descending ? -1 : 1])) },
    ...(offset > 0 ? [{ $skip: offset }] : []),
    { $limit: limit + 1 },
    { $project: { _keys: 0 } },
  ];
}

export const countPipeline = (fields: ReadonlySet<string>, clauses: readonly Clause[]): Document[] => [
  ...matchStages(fields, clauses, []),
  { $count: 'count' },
];

/** What an index can answer first; then the keys that no index has are computed for what is left. */
function matchStages(fields: ReadonlySet<string>, clauses: readonly Clause[], sort: readonly SortTerm[]): Document[] {
  const isKept = (field: string) => field === '_id' || field === '_pos' || fields.has(field);
  const early = clauses.filter(({ field }) => isKept(field));
  const late = clauses.filter(({ field }) => !isKept(field));
  const computed = [...late, ...sort].map(({ field }) => field).filter((field) => !isKept(field));
  return [
    { $match: { ...(early.some(needsKey) ? {} : documentsOnly), ...conditionsOf(early) } },
    ...(computed.length === 0 ? [] : [{ $set: Object.fromEntries(computed.map((field) => [keyPath(field), computedKey(field)])) }]),
    ...(late.length === 0 ? [] : [{ $match: conditionsOf(late) }]),
  ];
}

/** Only documents have keys. */
const needsKey = ({ field, kind }: Clause): boolean => kind !== 'not' && keyPath(field) !== field;

const conditionsOf = (clauses: readonly Clause[]): Document =>
  Object.fromEntries(clauses.map((clause) => [keyPath(clause.field), condition(clause)]));

const operators = { '>': '$gt', '>=': '$gte', '<': '$lt', '<=': '$lte' } as const;

function condition(clause: Clause): Document {
  switch (clause.kind) {
    case 'in':
      return clause.keys.length === 1 ? { $eq: clause.keys[0] } : { $in: clause.keys };
    case 'not':
      return { $ne: clause.key };
    case 'range':
      return Object.fromEntries(ownBounds(clause.bounds).map(({ operator, key }) => [operators[operator], key]));
  }
}

/** MongoDB compares only within a type, so the bound at which the next type begins goes without saying. */
const ownBounds = (bounds: readonly Bound[]): readonly Bound[] => bounds.filter(({ key }) => typeof key === typeof bounds[0]?.key);

/** Rows behind the cursor: equal to it in the first fields and beyond it in the next one. */
function afterCondition(sort: readonly SortTerm[], after: readonly OrderKey[]): Document {
  const places = sort.map(({ field, descending }, at) => ({ path: keyPath(field), descending, key: after[at] ?? '' }));
  const alternatives = places.flatMap((place, at) => {
    const equal = places.slice(0, at).map(({ path, key }) => ({ [path]: { $eq: key } }));
    return beyond(place).map((condition) => ({ $and: [...equal, condition] }));
  });
  return { $or: alternatives };
}

interface Place {
  readonly path: string;
  readonly descending: boolean;
  readonly key: OrderKey;
}

/** All values of each type of key, in their order. */
const types = [
  { type: 'number', all: { $gte: nullKey } },
  { type: 'string', all: { $gte: '' } },
  { type: 'object', all: { $gte: compoundKey } },
];

/** The rest of the key's own type, and all of the types behind it. An id is always a text. */
function beyond({ path, descending, key }: Place): Document[] {
  const own = types.findIndex(({ type }) => type === typeof key);
  const further = path === '_id' ? [] : descending ? types.slice(0, own) : types.slice(own + 1);
  return [{ [path]: { [descending ? '$lt' : '$gt']: key } }, ...further.map(({ all }) => ({ [path]: all }))];
}
