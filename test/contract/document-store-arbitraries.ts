import fc from 'fast-check';
import type { Condition, Filter, FindOptions, Operation, Scalar } from '../../src/adapters/document-store/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';

/** Few values, so that conditions hit and rows tie; astral, private-use and combining characters, so that UTF-16 and UTF-8 orders differ. */
const text = fc.constantFrom(
  '',
  'a',
  'B',
  'b',
  'é',
  'e\u0301',
  '\u{1F600}',
  '\uFF5E',
  '\uE000',
  '\u{10FFFF}',
  'a\u0000b',
  "it's",
  '"$.a"',
  '10',
  '9',
);
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 10, 0.1, 1e21, -1e300, 5e-324, 2 ** 53, 2 ** 60, -(2 ** 63), Number.MAX_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
export const scalar: fc.Arbitrary<Scalar> = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const compound = fc.constantFrom<JsonObject[string]>([], [1], {}, { b: 'x' }, ['\u{1F600}', null]);

const fields = ['a', 'b', 'c', 'd_2'] as const;
export const field = fc.constantFrom(...fields);
const sortField = fc.constantFrom(...fields, '_id', '_pos');

export const document: fc.Arbitrary<JsonObject> = fc.dictionary(
  field,
  fc.oneof({ weight: 8, arbitrary: scalar }, { weight: 1, arbitrary: compound }),
  {
    noNullPrototype: true,
  },
);
export const documentId = fc.oneof(
  fc.constantFrom('x', 'y', 'z', '\u{1F600}', '\uFF5E', "o'clock"),
  fc.integer({ min: 0, max: 30 }).map((n) => `doc-${n}`),
);
export const position = (at: number) => String(at).padStart(20, '0');

const range = fc
  .record({ gt: scalar, gte: scalar, lt: scalar, lte: scalar }, { requiredKeys: [] })
  .filter((bounds) => Object.keys(bounds).length > 0);
export const condition: fc.Arbitrary<Condition> = fc.oneof(
  scalar,
  range,
  fc.record({ in: fc.array(scalar, { maxLength: 6 }) }),
  fc.record({ not: scalar }),
  fc.record({ exists: fc.boolean() }),
);
const placeCondition = fc.oneof(documentId, fc.record({ gte: documentId }), fc.record({ lt: fc.integer({ min: 0, max: 40 }).map(position) }), scalar);
export const filter: fc.Arbitrary<Filter> = fc
  .tuple(
    fc.dictionary(field, condition, { maxKeys: 2, noNullPrototype: true }),
    fc.dictionary(fc.constantFrom('_id', '_pos'), placeCondition, { maxKeys: 1, noNullPrototype: true }),
  )
  .map(([one, other]) => ({ ...one, ...other }) as Filter);

export const sort: fc.Arbitrary<NonNullable<FindOptions['sort']>> = fc.array(fc.tuple(sortField, fc.constantFrom('asc' as const, 'desc' as const)), {
  maxLength: 3,
});
export const indexes = fc.array(fc.uniqueArray(sortField, { minLength: 1, maxLength: 3 }), { maxLength: 3 });

/** Positions up to `most`, of which some are older than what stands there. */
export const operation = (most: number): fc.Arbitrary<Operation> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        id: documentId,
        position: fc.integer({ min: 0, max: most }).map(position),
        doc: document,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('delete' as const), id: documentId, position: fc.integer({ min: 0, max: most }).map(position) }),
    },
  );

/** Commits whose checkpoints move forward, stand still or lag; a commit's operations lie at or before its checkpoint. */
export const commit = fc
  .integer({ min: 0, max: 40 })
  .chain((most) => fc.record({ operations: fc.array(operation(most), { maxLength: 12 }), position: fc.constant(position(most)) }));
