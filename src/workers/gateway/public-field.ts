import { z } from 'zod';
import type { Json } from '../../domain/event.ts';
import { ConversationId, FileId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import { PSEUDONYM, type Pseudonym } from './pseudonym.ts';

/** A part of an event that may leave the house. */
export interface PublicField {
  readonly schema: z.ZodType;
  /** The value as it may leave; `undefined`: nothing of it may. Never throws. */
  readonly of: (value: Json | undefined, pseudonym: Pseudonym) => Json | undefined;
}

const ids: ReadonlySet<z.ZodType> = new Set([ConversationId, FileId, MessageId, RunId]);
const Pseudonymous = z.string().regex(PSEUDONYM);

/** A person, or an id that somebody else made up. */
export const pseudonymous: PublicField = {
  schema: Pseudonymous,
  of: (value, pseudonym) => (typeof value === 'string' ? pseudonym(value) : undefined),
};

/** A name out of some program's vocabulary. Whatever does not look like one leaves as `other`. */
export function word(pattern: RegExp): PublicField {
  const whole = new RegExp(`^(?:${pattern.source}|other)$`);
  return plain(
    z.string().regex(whole),
    (value) => typeof value === 'string',
    (value) => (whole.test(String(value)) ? value : 'other'),
  );
}

/**
 * The public part of a field, by its kind: numbers, yes and no, fixed choices, times and our own ids are public, persons under a pseudonym. Free text,
 * and all that could carry it, is not, unless `allowed` says by the field's path how it leaves: what somebody adds to the domain is private by itself.
 */
export function publicField(field: z.ZodType, path: string, allowed: Readonly<Record<string, PublicField>>): PublicField | undefined {
  const known = allowed[path];
  if (field instanceof z.ZodOptional) return wrapped(innerOf(field), (schema) => schema.optional(), path, allowed);
  if (field instanceof z.ZodNullable) {
    const inner = wrapped(innerOf(field), (schema) => schema.nullable(), path, allowed);
    return inner && { ...inner, of: (value, pseudonym) => (value === null ? null : inner.of(value, pseudonym)) };
  }
  if (field instanceof z.ZodArray) return listOf(publicField(field.element as z.ZodType, path, allowed));
  if (known) return known;
  if (field === PersonId) return pseudonymous;
  if (ids.has(field) || field instanceof z.ZodISODateTime) return patterned(field);
  if (field instanceof z.ZodEnum) return oneOf(field, field.options);
  if (field instanceof z.ZodLiteral) return oneOf(field, [...field.values]);
  if (field instanceof z.ZodNumber) return plain(field, (value) => typeof value === 'number');
  if (field instanceof z.ZodBoolean) return plain(field, (value) => typeof value === 'boolean');
  if (field instanceof z.ZodObject) return publicObject(field.shape, path, allowed);
  return undefined;
}

/** The object with what is public of its fields; `undefined` when that is nothing. */
export function publicObject(shape: z.ZodRawShape, path: string, allowed: Readonly<Record<string, PublicField>>): PublicField | undefined {
  const fields = Object.entries(shape).flatMap(([name, field]) => {
    const found = name === 'sealed' ? undefined : publicField(field as z.ZodType, `${path}.${name}`, allowed);
    return found ? [[name, found] as const] : [];
  });
  if (fields.length === 0) return undefined;
  return {
    schema: z.object(Object.fromEntries(fields.map(([name, { schema }]) => [name, schema]))),
    of(value, pseudonym) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      const made: Record<string, Json> = {};
      for (const [name, field] of fields) {
        const part = field.of(value[name], pseudonym);
        if (part !== undefined) made[name] = part;
      }
      return made;
    },
  };
}

function plain(
  schema: z.ZodType,
  fits: (value: Json | undefined) => boolean,
  of: (value: Json | undefined) => Json | undefined = (value) => value,
): PublicField {
  return { schema, of: (value) => (fits(value) ? of(value) : undefined) };
}

/** By the pattern in its JSON Schema, which is tried much faster than the schema itself. */
function patterned(schema: z.ZodType): PublicField {
  const { pattern, maxLength = Number.POSITIVE_INFINITY } = z.toJSONSchema(schema);
  const fits = new RegExp(z.string().parse(pattern));
  return plain(schema, (value) => typeof value === 'string' && value.length <= maxLength && fits.test(value));
}

function oneOf(schema: z.ZodType, values: readonly unknown[]): PublicField {
  const fits = new Set(values);
  return plain(schema, (value) => fits.has(value));
}

function listOf(item: PublicField | undefined): PublicField | undefined {
  return (
    item && {
      schema: z.array(item.schema),
      of: (value, pseudonym) =>
        Array.isArray(value) ? value.map((each) => item.of(each, pseudonym)).filter((each) => each !== undefined) : undefined,
    }
  );
}

function wrapped(
  inner: z.ZodType,
  wrap: (schema: z.ZodType) => z.ZodType,
  path: string,
  allowed: Readonly<Record<string, PublicField>>,
): PublicField | undefined {
  const found = publicField(inner, path, allowed);
  return found && { ...found, schema: wrap(found.schema) };
}

const innerOf = (field: z.ZodOptional | z.ZodNullable): z.ZodType => field.unwrap() as z.ZodType;
