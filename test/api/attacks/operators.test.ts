import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clausesOf } from '../../../src/adapters/document-store/clause.ts';
import { pagePipeline } from '../../../src/adapters/document-store/mongodb-query.ts';
import type { Filter, FindOptions } from '../../../src/adapters/document-store/port.ts';
import { views } from '../../../src/projections/views/index.ts';
import type { Disk } from '../../harness/memory-annals.ts';
import { bearer } from '../http/start-server.ts';
import { type AllDoors, openAllDoors } from './all-doors.ts';
import { attack, saying, sendAll, slotsOf } from './requests.ts';

/** What reaches the document store of an installation, whoever asked. */
const asked: { collection: string; filter: Filter; options: FindOptions | undefined }[] = [];
const watched = (disk: Disk): Disk => ({
  ...disk,
  documents: {
    ...disk.documents,
    find: (collection, filter, options) => {
      asked.push({ collection, filter, options });
      return disk.documents.find(collection, filter, options);
    },
    getMany: (collection, ids) => {
      for (const id of ids) asked.push({ collection, filter: { _id: id }, options: undefined });
      return disk.documents.getMany(collection, ids);
    },
    count: (collection, filter) => {
      asked.push({ collection, filter, options: undefined });
      return disk.documents.count(collection, filter);
    },
  },
});

let doors: AllDoors;
beforeAll(async () => {
  doors = await openAllDoors({ watch: watched });
});
afterAll(() => doors.stop());

const operators: unknown[] = [
  { $ne: '' },
  { $gt: '' },
  { $regex: '.*' },
  { $where: 'sleep(5000)' },
  { $in: [null, ''] },
  [{ $ne: 1 }, 'a'],
  ['a', 'b'],
  { 'a.b': 1, $set: { role: 'administrator' } },
  { _bsontype: 'ObjectId', id: 'x' },
  { not: '' },
  { gte: '' },
];
const inAddresses = ['[$ne]=1', '[$gt]=', '[$regex]=.*', '[]=a', '=1&%s=2', '[$where]=sleep(5000)'];

const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
/** Nothing in the filter but the closed set of operators of the port, over plain values. */
function isPlain(filter: Filter): boolean {
  return Object.values(filter).every((condition) => {
    if (isScalar(condition)) return true;
    const entries = Object.entries(condition as object);
    return entries.every(
      ([name, value]) =>
        ['in', 'not', 'exists', 'gt', 'gte', 'lt', 'lte'].includes(name) &&
        (isScalar(value) || (name === 'in' && Array.isArray(value) && value.every(isScalar))),
    );
  });
}

test('A23: operators of a query language, at every place of every request, reach no query: what is asked are plain values of fields that views have', {
  timeout: 240_000,
}, async () => {
  let turn = 0;
  const next = (): unknown => operators[turn++ % operators.length];
  const attacks = doors.server.routes.flatMap((route) =>
    slotsOf(route).flatMap((slot) => {
      if (slot.in === 'query') {
        const plain = attack(route, slot, 'x');
        const [path = ''] = plain.path.split('?');
        return inAddresses.map((way) => ({ ...plain, path: `${path}?${slot.name}${way.replace('%s', slot.name)}` }));
      }
      return Array.from({ length: slot.in === 'header' ? 1 : 3 }, () => attack(route, slot, next()));
    }),
  );
  asked.length = 0;
  const answers = await sendAll(doors.url, attacks, bearer(await doors.tokenOf('root', ['administrator'])));
  expect(answers.filter(({ status }) => (status >= 500 && status !== 501) || status === 0).map(saying)).toEqual([]);
  expect(asked.length).toBeGreaterThan(300);
  expect(asked.filter(({ filter }) => !isPlain(filter))).toEqual([]);
  const fields = new Set(['_id', '_pos', ...views.flatMap(({ indexes }) => indexes.flat())]);
  const unknown = asked
    .flatMap(({ filter, options }) => [...Object.keys(filter), ...(options?.sort ?? []).map(([field]) => field)])
    .filter((field) => !fields.has(field));
  expect([...new Set(unknown)]).toEqual([]);
  expect(doors.logged).toEqual([]);
});

test('A23: whatever a filter holds, MongoDB gets operators of ours alone, and every value as a value', () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.constantFrom('$ne', '$where', '{"$gt":""}', '$$ROOT', '$owner'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const condition = fc.oneof(
    scalar,
    fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: scalar }),
    fc.record({ gte: scalar }),
    fc.record({ exists: fc.boolean() }),
  );
  const allowed = new Set([
    '$match',
    '$sort',
    '$limit',
    '$project',
    '$set',
    '$eq',
    '$in',
    '$ne',
    '$gt',
    '$gte',
    '$lt',
    '$lte',
    '$cond',
    '$ifNull',
    '$type',
    '$and',
    '$or',
    '$exists',
  ]);
  const names = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Array.isArray(value)
        ? value.flatMap(names)
        : Object.entries(value).flatMap(([name, part]) => [name, ...names(part)]);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('owner', 'status', '_pos', '_id'), condition, { maxKeys: 3 }), (filter) => {
      const pipeline = pagePipeline(new Set(['owner']), clausesOf(filter as Filter), {
        sort: [{ field: '_id', descending: false }],
        limit: 10,
        offset: 0,
      } as never);
      expect(names(pipeline).filter((name) => name.startsWith('$') && !allowed.has(name))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('A23: a filter with an operator that is not ours, or with an object as a value, is an error and no query', () => {
  for (const condition of [
    ...operators.filter((value) => !('gte' in (value as object)) && !('not' in (value as object))),
    { in: [{ $ne: 1 }] },
    { gt: { $ne: 1 } },
    { not: {} },
  ])
    expect(() => clausesOf({ owner: condition } as Filter), JSON.stringify(condition)).toThrow(TypeError);
  expect(() => clausesOf({ $where: 'sleep(5000)' })).toThrow(TypeError);
});
