import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/domain/event.ts';
import type { Schema } from '../../../src/domain/mcp-contract/contract.ts';
import { isObject } from '../../../src/domain/mcp-contract/json-schema.ts';
import { narrowings } from '../../../src/domain/mcp-contract/narrowing.ts';

const ajv = new Ajv2020({ strict: false, logger: false });
const names = ['a', 'b'];
const small = fc.integer({ min: -2, max: 3 });
const text = fc.constantFrom('', 'x', 'yy', 'zzz');
const scalar: fc.Arbitrary<Json> = fc.oneof(fc.constant(null), fc.boolean(), small, fc.constantFrom(0.5, 1.5), text);

const { schema } = fc.letrec<{ schema: Schema; leaf: JsonObject; nested: JsonObject }>((tie) => ({
  schema: fc.oneof({ weight: 5, arbitrary: tie('leaf') }, { weight: 4, arbitrary: tie('nested') }, { weight: 1, arbitrary: fc.boolean() }),
  leaf: fc.oneof(
    fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null') }),
    fc.record({ type: fc.constant('integer'), minimum: small, maximum: small }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('number'), exclusiveMinimum: small, multipleOf: fc.constantFrom(0.5, 1, 2) }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('string'), minLength: fc.nat(2), maxLength: fc.nat(3) }, { requiredKeys: ['type'] }),
    fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3, selector: (value) => JSON.stringify(value) }) }),
    fc.record({ const: scalar }),
    fc.record({ type: fc.subarray(['string', 'integer', 'null', 'number'], { minLength: 1 }) }),
  ),
  nested: fc.oneof(
    { maxDepth: 2 },
    tie('leaf'),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(2), maxItems: fc.nat(2) }, { requiredKeys: ['type'] }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom(...names), tie('schema')),
        required: fc.subarray(names),
        additionalProperties: tie('schema'),
      },
      { requiredKeys: ['type'] },
    ),
  ),
}));
const value: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom(...names, 'c'),
    fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.dictionary(fc.constantFrom(...names), scalar)),
    { maxKeys: 3 },
  ),
);

/** Whether a property of the value is one that only `to` knows: a new optional argument is no narrowing, whatever may have been sent by that name. */
function meetsNewName(given: Json, from: Schema, to: Schema): boolean {
  if (Array.isArray(given)) return true;
  if (!isObject(given)) return false;
  const named = (one: Schema): string => JSON.stringify(one);
  return (
    Object.keys(given).some((name) => named(to).includes(`"${name}":`) && !named(from).includes(`"${name}":`)) ||
    Object.values(given).some((inner) => isObject(inner) || Array.isArray(inner))
  );
}

test('where no narrowing is found, whatever the one schema takes the other takes too', () => {
  fc.assert(
    fc.property(schema, schema, fc.array(value, { minLength: 30, maxLength: 60 }), (from, to, values) => {
      if (narrowings(from, to, 'arguments').length > 0) return;
      const [takes, stillTakes] = [ajv.compile(from), ajv.compile(to)];
      for (const given of values)
        if (takes(given) && !stillTakes(given) && !meetsNewName(given, from, to)) expect({ from, to, given }).toBe('no counterexample');
    }),
    { numRuns: 1500 },
  );
});

test('a schema is no narrowing of itself, in either direction', () => {
  fc.assert(
    fc.property(schema, (one) => {
      for (const direction of ['arguments', 'results'] as const) expect(narrowings(one, structuredClone(one), direction)).toEqual([]);
    }),
  );
});

test('a schema that refers to itself, or elsewhere, is not decided but said to be undecidable', () => {
  const tree = (least: number): Schema => ({
    $ref: '#/$defs/node',
    $defs: { node: { type: 'object', properties: { value: { type: 'integer', minimum: least }, next: { $ref: '#/$defs/node' } } } },
  });
  expect(narrowings(tree(0), tree(0), 'arguments')).toEqual([]);
  const found = narrowings(tree(0), tree(1), 'arguments');
  expect(found.some(({ sure }) => sure)).toBe(true);
  expect(found.some(({ sure, what }) => !sure && what === 'The schema refers to itself.')).toBe(true);
  expect(narrowings({ $ref: 'https://example.com/a' }, { $ref: 'https://example.com/b' }, 'arguments')).toMatchObject([{ sure: false }]);
});

test('an answer may have more parts where it was open, and not where all was said', () => {
  const answer = (names: string[], open: boolean): Schema => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    ...(open ? {} : { additionalProperties: false }),
  });
  expect(narrowings(answer(['a', 'b'], true), answer(['a'], true), 'results')).toEqual([]);
  expect(narrowings(answer(['a', 'b'], false), answer(['a'], false), 'results')).toMatchObject([{ sure: true, path: '/properties/b' }]);
  expect(narrowings(answer([], true), answer(['a'], true), 'results')).toMatchObject([{ sure: true, path: '/properties/a' }]);
});

test('names that every object has are names like any other', () => {
  const named = (type: string): Schema => ({ type: 'object', properties: { constructor: { type }, toString: { type } }, required: ['constructor'] });
  expect(narrowings({ type: 'object' }, named('string'), 'arguments')).toMatchObject([{ path: '/properties/constructor' }]);
  expect(narrowings(named('string'), named('string'), 'arguments')).toEqual([]);
});
