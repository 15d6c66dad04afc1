import { expect, test } from 'vitest';
import { z } from 'zod';
import { asyncApi } from '../../src/api/docs/asyncapi.ts';
import { publicEventTypes } from '../../src/workers/gateway/public-events.ts';
import { channelsOf } from '../../src/workers/gateway/topics.ts';

const Ref = z.strictObject({ $ref: z.string().startsWith('#/') });
const JsonSchema = z.looseObject({
  $id: z.string(),
  type: z.literal('object'),
  properties: z.record(z.string(), z.json()),
  required: z.array(z.string()),
});
const KafkaTopic = z.strictObject({
  topic: z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/),
  partitions: z.int().positive(),
  topicConfiguration: z.strictObject({
    'cleanup.policy': z.array(z.enum(['delete', 'compact'])),
    'retention.ms': z.int(),
    'retention.bytes': z.int(),
    'max.message.bytes': z.int().positive(),
  }),
  bindingVersion: z.literal('0.5.0'),
});
const named = <Value extends z.ZodType>(value: Value) => z.record(z.string().regex(/^[\w.-]+$/), value);

/** What of AsyncAPI 3.0 our document uses, in the specification's terms. */
const AsyncApi = z.strictObject({
  asyncapi: z.literal('3.0.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string(), license: z.strictObject({ name: z.string() }) }),
  defaultContentType: z.literal('application/json'),
  channels: named(
    z.strictObject({ address: z.string(), summary: z.string(), messages: named(Ref), bindings: z.strictObject({ kafka: KafkaTopic }) }),
  ),
  operations: named(z.strictObject({ action: z.literal('send'), summary: z.string(), channel: Ref, messages: z.array(Ref).min(1) })),
  components: z.strictObject({
    messages: named(
      z.strictObject({
        name: z.string(),
        title: z.string(),
        contentType: z.literal('application/json'),
        headers: z.strictObject({ type: z.literal('object'), required: z.array(z.string()), properties: named(z.record(z.string(), z.json())) }),
        payload: Ref,
        bindings: z.strictObject({ kafka: z.strictObject({ key: z.record(z.string(), z.json()), bindingVersion: z.literal('0.5.0') }) }),
      }),
    ),
    schemas: named(JsonSchema),
  }),
});

const document = asyncApi(channelsOf('annals.'));

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => (name === '$ref' && typeof part === 'string' ? [part] : refsIn(part)));
}

const found = (ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => z.record(z.string(), z.unknown()).parse(at)[name], document);

test('the document has the form of AsyncAPI 3.0, and all that it refers to is in it', () => {
  const parsed = AsyncApi.parse(document);
  const refs = refsIn(document);
  expect(refs.length).toBeGreaterThan(100);
  expect(refs.filter((ref) => found(ref) === undefined)).toEqual([]);
  for (const { channel, messages } of Object.values(parsed.operations))
    for (const { $ref } of messages) expect($ref).toMatch(new RegExp(`^${channel.$ref}/messages/`));
});

test('every event that leaves the house stands in it once, with the schema by which it leaves', () => {
  const { components } = AsyncApi.parse(document);
  expect(Object.keys(components.messages).sort()).toEqual(publicEventTypes.map(({ type, version }) => `annals.${type}.v${version}`).sort());
  for (const [name, { headers, payload }] of Object.entries(components.messages)) {
    const { $id, properties } = components.schemas[name] ?? expect.fail(name);
    expect(payload.$ref).toBe(`#/components/schemas/${name}`);
    expect(headers.properties.ce_type).toEqual({ type: 'string', const: name });
    expect(headers.properties.ce_dataschema).toEqual({ type: 'string', const: $id });
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['actor', 'subject']));
  }
});
