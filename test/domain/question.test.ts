import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readQuestion, whyNoAnswer } from '../../src/domain/mcp/question.ts';

const ajv = new Ajv2020({ strict: false });
const words = fc.uniqueArray(fc.constantFrom('red', 'green', 'blue', 'grey'), { minLength: 1 });
const small = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });
const property = fc.oneof(
  fc.record({ type: fc.constant('string'), minLength: small, maxLength: small }),
  fc.record({ type: fc.constantFrom('number', 'integer'), minimum: small, maximum: small }),
  fc.constant({ type: 'boolean' }),
  words.map((options) => ({ type: 'string', enum: options })),
  words.map((options) => ({ type: 'string', oneOf: options.map((word) => ({ const: word, title: word.toUpperCase() })) })),
  fc
    .record({ options: words, minItems: small, maxItems: small })
    .map(({ options, ...of }) => ({ type: 'array', items: { type: 'string', enum: options }, ...of })),
);
const value = fc.oneof(
  fc.constantFrom<unknown>('red', 'blue', '', 'abc', '😀😀', true, false, 0, 1, 2.5, -3, null),
  fc.array(fc.constantFrom('red', 'green', 'grey', 'else'), { maxLength: 3 }),
);
const defined = (schema: object): object => JSON.parse(JSON.stringify(schema));

test('what is taken as an answer is what the schema of the question takes, with nothing beside it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), property),
      fc.subarray(['a', 'b', 'c']),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value),
      (properties, wanted, content) => {
        const required = wanted.filter((name) => name in properties);
        const schema = defined({ type: 'object', properties, required });
        const question = readQuestion('x', { mode: 'form', message: 'Well?', requestedSchema: schema });
        if (!question) throw new Error('it is no question');
        const takes = ajv.validate({ ...schema, additionalProperties: false }, content);
        expect(whyNoAnswer(question, { action: 'accept', content: content as never }) === undefined).toBe(takes);
      },
    ),
    { numRuns: 60 },
  );
});

test('whatever comes as a question is one or none, and only addresses of the web are', () => {
  fc.assert(fc.property(fc.anything(), (anything) => void readQuestion('x', anything)));
  for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'https://user:secret@host/', 'no address'])
    expect(readQuestion('x', { mode: 'url', message: 'Go there.', url })).toBeUndefined();
  expect(readQuestion('x', { mode: 'url', message: 'Go there.', url: 'https://host/pay' })).toMatchObject({ mode: 'url' });
});
