import type { z } from 'zod';
import type { TopicSettings } from '../../adapters/broker/port.ts';
import { ceTypeOf, dataSchemaOf, topicOf } from './message.ts';
import { publicEventTypes } from './public-events.ts';

/** A topic and what can come through it, for those who describe it. */
export interface EventChannel extends TopicSettings {
  readonly category: string;
  readonly events: readonly { readonly name: string; readonly ceType: string; readonly dataSchema: string; readonly schema: z.ZodType }[];
}

/** Never changed afterwards: with another number, keys would go to other partitions and lose their order. */
const PARTITIONS = 6;

const config = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': String(2 * 1024 * 1024),
} as const;

/** One topic for each category of streams. */
export const channelsOf = (prefix: string): readonly EventChannel[] =>
  [...Map.groupBy(publicEventTypes, ({ category }) => category)].map(([category, types]) => ({
    category,
    topic: topicOf(prefix, category),
    partitions: PARTITIONS,
    config,
    events: types.map((type) => ({ name: type.type, ceType: ceTypeOf(type), dataSchema: dataSchemaOf(type), schema: type.schema })),
  }));
