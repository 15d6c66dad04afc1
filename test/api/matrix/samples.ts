import { z } from 'zod';
import type { Json, JsonObject } from '../../../src/domain/event.ts';

const texts: readonly string[] = [
  'x',
  'sample',
  '2026-01-01T00:00:00.000Z',
  '2026-01-01',
  '00000000-0000-4000-8000-000000000000',
  '0'.repeat(64),
  '0'.repeat(40),
  '0'.repeat(32),
  '1',
  'https://tools.example/mcp',
  'ada@example.org',
  'aGFzaGVk',
];

const ofSchema = (schema: JsonObject): Json => {
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(alternatives)) return ofSchema(alternatives[0] as JsonObject);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object': {
      const properties = (schema.properties ?? {}) as Record<string, JsonObject>;
      const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
      return Object.fromEntries(required.map((name) => [name, ofSchema(properties[name] ?? {})]));
    }
    case 'array':
      return Number(schema.minItems ?? 0) > 0 ? [ofSchema((schema.items ?? {}) as JsonObject)] : [];
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 1), 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'x';
  }
};

/** Ids are their prefix and something; other texts are the first that fits. */
function textOf({ pattern, minLength = 0 }: JsonObject): string {
  const prefix = typeof pattern === 'string' ? (/^\^\(?(?:\?:)?([a-z]+[_-])/.exec(pattern)?.[1] ?? '') : '';
  const fits = (text: string): boolean => (typeof pattern !== 'string' || new RegExp(pattern).test(text)) && text.length >= Number(minLength);
  return texts.flatMap((text) => [text, prefix + text]).find(fits) ?? 'x'.repeat(Number(minLength));
}

/** Something that the schema takes, where that can be told from the schema alone. */
export function sampleOf(schema: z.ZodType): unknown {
  const sample = ofSchema(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject);
  if (schema.safeParse(sample).success) return sample;
  return texts.find((text) => schema.safeParse(text).success) ?? sample;
}
