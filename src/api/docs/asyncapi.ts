import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/event.ts';
import { json } from '../http/answer.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';

/** A topic with the events that come through it. */
export interface EventChannel {
  readonly category: string;
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
  readonly events: readonly { readonly name: string; readonly ceType: string; readonly dataSchema: string; readonly schema: z.ZodType }[];
}

const constant = (value: string): JsonObject => ({ type: 'string', const: value });
const described = (description: string, more: JsonObject = {}): JsonObject => ({ type: 'string', description, ...more });

/** CloudEvents 1.0, Kafka protocol binding, binary content mode; ours begin with `annals_`. */
const HEADERS = {
  'content-type': constant('application/json'),
  ce_specversion: constant('1.0'),
  ce_id: described('The event’s own id.', { format: 'uuid' }),
  ce_source: described('Names the installation.', { format: 'uri-reference' }),
  ce_subject: described('The stream, as in the message’s key.'),
  ce_time: described('When it happened.', { format: 'date-time' }),
  annals_revision: described('The event’s number in its stream, from 0; those of events that are not public are left out.', { pattern: '^[0-9]+$' }),
  annals_position: described('The event’s place in the log, `<epoch>.<20 digits>`: orders the events of one epoch as text.'),
} as const satisfies JsonObject;

/** The AsyncAPI 3.0 document of what Annals publishes. */
export function asyncApi(channels: readonly EventChannel[]): JsonObject {
  const events = channels.flatMap((channel) => channel.events);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Annals events',
      version: '1',
      description:
        'What happened, for analysts: at least once, of each stream (the message’s key) in order. Repeats have the same key and `annals_revision`: drop them. ' +
        'Of access streams, drop those with the same `ce_id` too. Persons appear under pseudonyms; texts, titles, file names and what tools were told never appear. ' +
        'New fields and new events come without notice; what changes otherwise gets a new version in `ce_type`.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels.map((channel) => [channel.category, channelObject(channel)])),
    operations: Object.fromEntries(channels.map((channel) => [`publish-${channel.category}`, operation(channel)])),
    components: {
      messages: Object.fromEntries(events.map((event) => [event.ceType, message(event)])),
      schemas: Object.fromEntries(events.map(({ ceType, schema, dataSchema }) => [ceType, { $id: dataSchema, ...jsonSchema(schema) }])),
    },
  };
}

const channelObject = ({ category, topic, partitions, config, events }: EventChannel): JsonObject => ({
  address: topic,
  summary: `What happened in the streams of the category ${category}`,
  messages: Object.fromEntries(events.map(({ name, ceType }) => [name, { $ref: `#/components/messages/${ceType}` }])),
  bindings: { kafka: { topic, partitions, topicConfiguration: topicConfiguration(config), bindingVersion: '0.5.0' } },
});

/** With the types that the binding asks for: a list of policies, numbers for the rest. */
const topicConfiguration = (config: Readonly<Record<string, string>>): JsonObject =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]): [string, Json] => [name, name === 'cleanup.policy' ? value.split(',') : Number(value)]),
  );

const operation = ({ category, events }: EventChannel): JsonObject => ({
  action: 'send',
  summary: `Annals publishes what happened in the streams of the category ${category}`,
  channel: { $ref: `#/channels/${category}` },
  messages: events.map(({ name }) => ({ $ref: `#/channels/${category}/messages/${name}` })),
});

const message = ({ name, ceType, dataSchema }: EventChannel['events'][number]): JsonObject => ({
  name: ceType,
  title: name,
  contentType: 'application/json',
  headers: {
    type: 'object',
    required: [...Object.keys(HEADERS), 'ce_type', 'ce_dataschema'],
    properties: { ...HEADERS, ce_type: constant(ceType), ce_dataschema: constant(dataSchema) },
  },
  payload: { $ref: `#/components/schemas/${ceType}` },
  bindings: { kafka: { key: { type: 'string', description: 'The stream.' }, bindingVersion: '0.5.0' } },
});

/** As readers should check it: what they don’t know may stand beside what they do. */
function jsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, { io: 'input' });
  return z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(made)));
}

/** The document itself; strangers do not see it. */
export const asyncApiRoutes = (channels: readonly EventChannel[]): readonly RouteDefinition[] => [
  route({
    method: 'GET',
    path: '/api/asyncapi.json',
    summary: 'The events that Kafka gets, as AsyncAPI 3.0',
    tags: ['Operations'],
    responses: { 200: { description: 'The document.', schema: z.record(z.string(), z.json()) }, 401: { description: 'The request is nobody’s.' } },
    handle: async ({ principal }: RouteRequest) => {
      if (principal.kind === 'anonymous') throw new HttpError('NotFound', 'There is nothing at this address.');
      return json(200, asyncApi(channels));
    },
  }),
];
