import type { Json, JsonObject } from '../event.ts';
import type { Schema } from './contract.ts';
import { canonical, isObject, type JsonType, referred, typeOf, typesOf, valuesOf, withoutNotes } from './json-schema.ts';

/** A reason why a value that `from` allows may not be one that `to` allows. */
export interface Narrowing {
  readonly sure: boolean;
  /** A JSON pointer into both. */
  readonly path: string;
  readonly what: string;
}

interface Sides {
  readonly fromRoot: Schema;
  readonly toRoot: Schema;
  /** Property that `to` names and `from` does not: for arguments a new optional one, for results one that is gone. */
  readonly direction: 'arguments' | 'results';
  readonly open: readonly string[];
}

const DEEPEST = 64;

/**
 * Why whoever goes by the one contract fails with the other. For arguments, `from` is the old schema and `to` the new one: what was accepted must be accepted.
 * For results it is the other way round: what is answered now must be what was promised. Empty when nothing can go wrong; `sure: false` where it cannot be decided.
 */
export function narrowings(from: Schema, to: Schema, direction: Sides['direction']): Narrowing[] {
  return compare(from, to, '', { fromRoot: from, toRoot: to, direction, open: [] });
}

function compare(from: Schema, to: Schema, path: string, sides: Sides): Narrowing[] {
  if (isSame(from, to) && isSame(sides.fromRoot, sides.toRoot)) return [];
  if (to === true || from === false || (isObject(to) && Object.keys(withoutNotes(to) as JsonObject).length === 0)) return [];
  if (to === false) return [{ sure: true, path, what: 'Nothing is allowed here any more.' }];
  const key = `${canonical(from)} ${canonical(to)}`;
  if (sides.open.includes(key) || sides.open.length > DEEPEST) return [unsure(path, 'The schema refers to itself.')];
  const inside = { ...sides, open: [...sides.open, key] };
  const [one, other] = [resolved(from, sides.fromRoot), resolved(to, sides.toRoot)];
  if (!one || !other) return isSame(from, to) ? [] : [unsure(path, 'It refers to a schema that is not part of it.')];
  return compareObjects(one, other, path, inside);
}

/** The schema itself: what it refers to, with what stands beside the reference. */
function resolved(schema: Schema, root: Schema): JsonObject | undefined {
  if (schema === true) return {};
  if (schema === false) return { not: {} };
  const { $ref: ref, ...rest } = schema;
  if (typeof ref !== 'string') return schema;
  const target = referred(ref, root);
  if (target === undefined || target === false) return undefined;
  return target === true ? rest : { ...target, ...rest };
}

const undecidable = ['allOf', 'oneOf', 'not', 'if', 'then', 'else', 'patternProperties', 'propertyNames', 'dependentSchemas', 'dependentRequired'];
const undecidableToo = ['dependencies', 'unevaluatedProperties', 'unevaluatedItems', 'contains', 'minContains', 'maxContains', '$dynamicRef'];

function compareObjects(from: JsonObject, to: JsonObject, path: string, sides: Sides): Narrowing[] {
  const strange = [...undecidable, ...undecidableToo].filter((key) => !isSame(from[key], to[key]));
  if (strange.length > 0) return [unsure(path, `${strange.join(', ')} changed, which cannot be decided.`)];
  const alternatives = compareAlternatives(from, to, path, sides);
  if (alternatives) return alternatives;
  const values = valuesOf(from);
  if (values) return values.flatMap((value) => whyNot(value, to, path, sides));
  const allowed = valuesOf(to);
  if (allowed && !coversAll(from, to)) return [sure(path, `Only ${allowed.map((value) => JSON.stringify(value)).join(', ')} is allowed.`)];
  const lost = [...typesOf(from)].filter((type) => !typesOf(to).has(type));
  if (lost.length > 0) return [sure(path, `${namesOf(lost)} ${lost.length === 1 ? 'is' : 'are'} not allowed any more.`)];
  return [...bounds(from, to, path), ...texts(from, to, path), ...arrays(from, to, path, sides), ...objects(from, to, path, sides)];
}

const coversAll = (from: JsonObject, to: JsonObject): boolean =>
  to['enum'] === undefined && to['const'] === undefined && [...typesOf(from)].every((type) => typesOf(to).has(type));

/** `anyOf`: every alternative of the one must fit one of the other. */
function compareAlternatives(from: JsonObject, to: JsonObject, path: string, sides: Sides): Narrowing[] | undefined {
  const split = ({ anyOf, ...rest }: JsonObject): Schema[] | undefined =>
    Array.isArray(anyOf) ? anyOf.map((each) => (isObject(each) ? { ...rest, ...each } : (each as boolean))) : undefined;
  const ofFrom = split(from);
  if (ofFrom) return ofFrom.flatMap((each, index) => compare(each, to, `${path}/anyOf/${index}`, sides));
  const ofTo = split(to);
  if (!ofTo) return undefined;
  const found = ofTo.map((each) => compare(from, each, path, sides));
  if (found.some((reasons) => reasons.length === 0)) return [];
  // A type at a time: `string or number` fits `anyOf: [string, number]` though it fits neither alone.
  const types = [...typesOf(from)];
  const byType = types.map((type) => ofTo.map((each) => compare({ ...from, type: type === 'fraction' ? 'number' : type }, each, path, sides)));
  if (types.length > 1 && byType.every((tries) => tries.some((reasons) => reasons.length === 0))) return [];
  const closest = found.toSorted((one, other) => one.length - other.length)[0] ?? [];
  return found.every((reasons) => reasons.some((each) => each.sure))
    ? closest
    : [unsure(path, 'Whether one of the alternatives fits cannot be decided.')];
}

/** One value that was named, under a schema. */
function whyNot(value: Json, to: JsonObject, path: string, sides: Sides): Narrowing[] {
  const shown = JSON.stringify(value);
  const allowed = valuesOf(to);
  if (allowed) return allowed.some((each) => canonical(each) === canonical(value)) ? [] : [sure(path, `${shown} is not allowed any more.`)];
  if (!typesOf(to).has(typeOf(value))) return [sure(path, `${shown} is not allowed any more.`)];
  if (typeof value === 'number') return bounds({ minimum: value, maximum: value, multipleOf: value === 0 ? 1 : value }, to, path);
  if (typeof value === 'string') return texts({ minLength: [...value].length, maxLength: [...value].length }, to, path);
  return isObject(value) || Array.isArray(value) ? compare({ type: typeOf(value) }, to, path, sides).map((each) => ({ ...each, sure: false })) : [];
}

const number = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

function bounds(from: JsonObject, to: JsonObject, path: string): Narrowing[] {
  if (!typesOf(from).has('integer') && !typesOf(from).has('fraction')) return [];
  const found: Narrowing[] = [];
  const low = (schema: JsonObject): readonly [number, boolean] =>
    edge(number(schema['minimum']), number(schema['exclusiveMinimum']), Math.max, Number.NEGATIVE_INFINITY);
  const high = (schema: JsonObject): readonly [number, boolean] =>
    edge(number(schema['maximum']), number(schema['exclusiveMaximum']), Math.min, Number.POSITIVE_INFINITY);
  const [[fromLow, fromLowOut], [toLow, toLowOut]] = [low(from), low(to)];
  if (toLow > fromLow || (toLow === fromLow && toLowOut && !fromLowOut))
    found.push(sure(path, `It must be ${toLowOut ? 'more than' : 'at least'} ${toLow}.`));
  const [[fromHigh, fromHighOut], [toHigh, toHighOut]] = [high(from), high(to)];
  if (toHigh < fromHigh || (toHigh === fromHigh && toHighOut && !fromHighOut))
    found.push(sure(path, `It must be ${toHighOut ? 'less than' : 'at most'} ${toHigh}.`));
  const [step, before] = [number(to['multipleOf']), number(from['multipleOf']) ?? (typesOf(from).has('fraction') ? undefined : 1)];
  if (step !== undefined && (before === undefined || !Number.isInteger(before / step))) found.push(sure(path, `It must be a multiple of ${step}.`));
  return found;
}

function edge(
  inclusive: number | undefined,
  exclusive: number | undefined,
  stricter: (one: number, other: number) => number,
  none: number,
): readonly [number, boolean] {
  const value = stricter(inclusive ?? none, exclusive ?? none);
  return [value, exclusive !== undefined && value === exclusive];
}

/** `minLength` and its like: the schema’s, or what is allowed without it. */
function limits(from: JsonObject, to: JsonObject, [least, most]: readonly [string, string], unit: string, path: string): Narrowing[] {
  const [fromLeast, toLeast] = [number(from[least]) ?? 0, number(to[least]) ?? 0];
  const [fromMost, toMost] = [number(from[most]) ?? Number.POSITIVE_INFINITY, number(to[most]) ?? Number.POSITIVE_INFINITY];
  return [
    ...(toLeast > fromLeast ? [sure(path, `It must have at least ${toLeast} ${unit}.`)] : []),
    ...(toMost < fromMost ? [sure(path, `It must have at most ${toMost} ${unit}.`)] : []),
  ];
}

function texts(from: JsonObject, to: JsonObject, path: string): Narrowing[] {
  if (!typesOf(from).has('string')) return [];
  const found = limits(from, to, ['minLength', 'maxLength'], 'characters', path);
  for (const key of ['pattern', 'format'] as const) {
    const [before, after] = [from[key], to[key]];
    if (after === undefined || isSame(before, after)) continue;
    found.push(
      before === undefined
        ? sure(path, `It must have the ${key} ${String(after)}.`)
        : unsure(path, `Its ${key} changed from ${String(before)} to ${String(after)}.`),
    );
  }
  return found;
}

function arrays(from: JsonObject, to: JsonObject, path: string, sides: Sides): Narrowing[] {
  if (!typesOf(from).has('array')) return [];
  const found = limits(from, to, ['minItems', 'maxItems'], 'items', path);
  if (to['uniqueItems'] === true && from['uniqueItems'] !== true) found.push(sure(path, 'Its items must differ.'));
  const first = (schema: JsonObject): readonly Schema[] => listOf(schema['prefixItems'] ?? schema['items']);
  const rest = (schema: JsonObject): Schema => schemaOf(Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items']);
  const places = Math.max(first(from).length, first(to).length);
  for (let place = 0; place < places; place++)
    found.push(...compare(first(from)[place] ?? rest(from), first(to)[place] ?? rest(to), `${path}/prefixItems/${place}`, sides));
  return [...found, ...compare(rest(from), rest(to), `${path}/items`, sides)];
}

function objects(from: JsonObject, to: JsonObject, path: string, sides: Sides): Narrowing[] {
  if (!typesOf(from).has('object')) return [];
  const found = limits(from, to, ['minProperties', 'maxProperties'], 'properties', path);
  const [before, after] = [propertiesOf(from), propertiesOf(to)];
  const [needed, given] = [namesIn(to['required']), namesIn(from['required'])];
  for (const name of needed) if (!given.has(name)) found.push(sure(`${path}/properties/${name}`, requiredNow[sides.direction]));
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
    found.push(...property(name, own(before, name), own(after, name), to, `${path}/properties/${name}`, sides));
  const [others, taken] = [schemaOf(from['additionalProperties']), schemaOf(to['additionalProperties'])];
  return [...found, ...compare(others, taken, `${path}/additionalProperties`, sides)];
}

const requiredNow = { arguments: 'It is required now.', results: 'It may be missing now.' };

/** A property that only one side names. */
function property(name: string, before: Schema | undefined, after: Schema | undefined, to: JsonObject, path: string, sides: Sides): Narrowing[] {
  if (before !== undefined && after !== undefined) return compare(before, after, path, sides);
  if (before === undefined) return sides.direction === 'results' ? [sure(path, `${name} is not answered any more.`)] : [];
  if (sides.direction === 'arguments') return [sure(path, `${name} is not known any more.`)];
  return to['additionalProperties'] === false ? [sure(path, `${name} is new where nothing else was promised.`)] : [];
}

const own = (properties: Readonly<Record<string, Schema>>, name: string): Schema | undefined =>
  Object.hasOwn(properties, name) ? properties[name] : undefined;
const schemaOf = (value: Json | undefined): Schema => (isObject(value) || typeof value === 'boolean' ? value : true);
const listOf = (value: Json | undefined): readonly Schema[] => (Array.isArray(value) ? value.map(schemaOf) : []);
const propertiesOf = ({ properties }: JsonObject): Readonly<Record<string, Schema>> =>
  isObject(properties) ? Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, schemaOf(value)])) : {};
const namesIn = (required: Json | undefined): ReadonlySet<string> =>
  new Set(Array.isArray(required) ? required.filter((name): name is string => typeof name === 'string') : []);
const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  one === other || (one !== undefined && other !== undefined && canonical(withoutNotes(one)) === canonical(withoutNotes(other)));
const namesOf = (types: readonly JsonType[]): string => types.map((type) => (type === 'fraction' ? 'a number' : type)).join(', ');
const sure = (path: string, what: string): Narrowing => ({ sure: true, path, what });
const unsure = (path: string, what: string): Narrowing => ({ sure: false, path, what });
