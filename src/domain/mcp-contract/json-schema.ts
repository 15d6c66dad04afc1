import type { Json, JsonObject } from '../event.ts';
import type { Schema } from './contract.ts';

export const allTypes = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'] as const;
/** `number` is either an integer or a fraction, so that sets of types can be compared. */
export type JsonType = (typeof allTypes)[number];

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Equal texts for equal values, whatever the order of their keys. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

const notes: ReadonlySet<string> = new Set(
  '$schema $id $anchor $comment title description default examples deprecated readOnly writeOnly contentEncoding contentMediaType'.split(' '),
);
const ofSubschemas: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** The schema without what says nothing about which values are valid. Names of properties are kept, whatever they are. */
export function withoutNotes(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withoutNotes);
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([key]) => !notes.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === 'required' || key === 'type' || key === 'enum') return [key, sortedSet(value)];
      if (ofSubschemas.has(key) && isObject(value))
        return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutNotes(inner)]))];
      return [key, key === 'const' ? value : withoutNotes(value)];
    }),
  );
}

const sortedSet = (value: Json): Json =>
  Array.isArray(value) ? value.toSorted((one, other) => (canonical(one) < canonical(other) ? -1 : 1)) : value;

/** The schema that `$ref` names within the same document; undefined when it is elsewhere or not there. */
export function referred(ref: string, root: Schema): Schema | undefined {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let at: Json | undefined = root as Json;
  for (const step of ref.slice(2).split('/')) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at === undefined || !(isObject(at) || typeof at === 'boolean') ? undefined : at;
}

export function typesOf({ type }: JsonObject): ReadonlySet<JsonType> {
  if (type === undefined) return new Set(allTypes);
  const named = (Array.isArray(type) ? type : [type]).flatMap((each) => (each === 'number' ? ['integer', 'fraction'] : [each]));
  return new Set(allTypes.filter((each) => named.includes(each)));
}

export function typeOf(value: Json): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'string' | 'object';
}

/** The values it allows, where it names them; a boolean is one of two. */
export function valuesOf(schema: JsonObject): readonly Json[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']];
  const { enum: named } = schema;
  if (Array.isArray(named)) {
    const types = typesOf(schema);
    return named.filter((value) => types.has(typeOf(value)));
  }
  const types = typesOf(schema);
  if ([...types].every((type) => type === 'boolean' || type === 'null'))
    return [...(types.has('null') ? [null] : []), ...(types.has('boolean') ? [true, false] : [])];
  return undefined;
}

/** What it says to whoever reads it, by where it stands: titles, descriptions, defaults and examples. */
export function notesOf(schema: Json, path = ''): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const read = (value: Json, at: string, isNames: boolean): void => {
    for (const [index, each] of Array.isArray(value) ? value.entries() : []) read(each, `${at}/${index}`, false);
    if (!isObject(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      if (!isNames && /^(title|description|default|examples)$/.test(key)) found.set(`${at}/${key}`, canonical(inner));
      else if (key !== 'const' && key !== 'enum') read(inner, `${at}/${key}`, !isNames && ofSubschemas.has(key));
    }
  };
  read(schema, path, false);
  return found;
}
