import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { eventDefinitions } from '../../src/domain/index.ts';
import { ceTypeOf, publicStream, translator } from '../../src/workers/gateway/message.ts';
import { createPseudonyms } from '../../src/workers/gateway/pseudonym.ts';
import { decidedTypes, publicEventTypes } from '../../src/workers/gateway/public-events.ts';
import { channelsOf } from '../../src/workers/gateway/topics.ts';
import { eventfulLog } from '../harness/history.ts';

const pseudonym = createPseudonyms(Buffer.from('a secret that serves nothing else'));
const translate = translator({ prefix: 'annals.', source: '/annals', pseudonym });

test('of every event type it has been decided whether it leaves the house', () => {
  expect([...decidedTypes].sort()).toEqual(eventDefinitions.map(({ type }) => type).sort());
});

test('what has been published keeps its form: a change needs a new version of the event', async () => {
  const schemas = Object.fromEntries(publicEventTypes.map((type) => [ceTypeOf(type), z.toJSONSchema(type.schema)]));
  await expect(`${JSON.stringify(schemas, null, 2)}\n`).toMatchFileSnapshot('golden/public-events.json');
});

const personal = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => `Grüße, ${text} @`);
/** Data that nobody's code would write: anything anywhere, every text in it personal. */
const anyData = (fields: readonly string[]): fc.Arbitrary<Record<string, unknown>> => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, personal, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(fc.oneof(personal, fc.constantFrom('code', 'toolName', 'toolCallId', 'inputTokens')), tie('value'), { maxKeys: 4 }),
  }));
  return fc.record(Object.fromEntries(fields.map((field) => [field, value])), { requiredKeys: [] });
};

test('whatever stands in an event, no text of it leaves', () => {
  const publicTypes = new Set(publicEventTypes.map(({ type }) => type));
  for (const { type, version, schema } of eventDefinitions.filter((definition) => publicTypes.has(definition.type)))
    fc.assert(
      fc.property(anyData(Object.keys(schema.shape)), personal, (data, person) => {
        const metadata = { actor: person, subject: person, time: '2026-01-01T00:00:00.000Z' };
        const event = { id: 'e', type, version, stream: `access-${person}`, revision: 1n, position: '1', data, metadata } as unknown as RecordedEvent;
        const translated = translate(event, 'epoch');
        expect(translated.kind).toBe('public');
        expect(JSON.stringify(translated)).not.toMatch(/Grüße|@/);
      }),
      { numRuns: 50 },
    );
});

test('every event of a real log fits its schema and goes to its category’s topic under its stream’s key, but for those that stay', async () => {
  const schemas = new Map(publicEventTypes.map((type) => [ceTypeOf(type), type.schema]));
  const topics = new Map(channelsOf('annals.').flatMap(({ topic, events }) => events.map(({ ceType }) => [ceType, topic] as const)));
  const log = await eventfulLog();
  const seen = new Set<string>();
  for (const event of log) {
    const translated = translate(event, 'epoch');
    if (translated.kind !== 'public') continue;
    const { topic, key, headers, value } = translated.message;
    const { ce_type: ceType = '' } = headers;
    seen.add(ceType);
    const schema = schemas.get(ceType);
    expect(schema instanceof z.ZodObject && schema.strict().parse(JSON.parse(value))).toBeTruthy();
    expect(topic).toBe(`annals.${event.stream.split('-')[0]}`);
    expect(topics.get(ceType)).toBe(topic);
    expect(key).toBe(publicStream(event.stream, pseudonym));
    expect(headers).toMatchObject({
      ce_id: event.id,
      ce_subject: key,
      annals_revision: String(event.revision),
      annals_position: `epoch.${event.position}`,
    });
    expect(`${key} ${value}`).not.toMatch(/person_/);
  }
  expect(seen.size).toBeGreaterThan(20);
});

test('a person has one pseudonym everywhere, another person another, and with another secret it is another', () => {
  expect(publicStream('person-person_ada', pseudonym)).toBe(`person-${pseudonym('person_ada')}`);
  expect(pseudonym('person_ada')).not.toBe(pseudonym('person_bob'));
  expect(createPseudonyms(Buffer.from('another'))('person_ada')).not.toBe(pseudonym('person_ada'));
  expect(publicStream('conversation-thread_1', pseudonym)).toBe('conversation-thread_1');
});

test('an event of a newer release is known as such, by its version or by its type', () => {
  const metadata = { actor: 'person_a', subject: 'person_a', time: '2026-01-01T00:00:00.000Z' };
  const event = { id: 'e', stream: 'run-run_1', revision: 0n, position: '1', data: {}, metadata };
  expect(translate({ ...event, type: 'RunEnded', version: 99 } as unknown as RecordedEvent, 'epoch').kind).toBe('newer');
  expect(translate({ ...event, type: 'NeverHeardOf', version: 1 } as unknown as RecordedEvent, 'epoch').kind).toBe('newer');
  expect(translate({ ...event, type: 'ReactionParked', version: 1 } as unknown as RecordedEvent, 'epoch').kind).toBe('private');
});
