import { isSealed, type Opened, type Sealed } from '../../domain/event.ts';

/** The value's type with every sealed part opened. */
export type OpenedDeep<Value> = Value extends string | number | bigint | boolean | null | undefined
  ? Value
  : Value extends Sealed<infer Content>
    ? Opened<Content>
    : Value extends object
      ? { [Key in keyof Value]: OpenedDeep<Value[Key]> }
      : Value;

/** Every sealed value inside, in any depth of arrays and plain objects. */
export function collectSealed(value: unknown, into: Sealed[] = []): Sealed[] {
  if (isSealedValue(value)) into.push(value);
  else if (Array.isArray(value)) for (const item of value) collectSealed(item, into);
  else if (isPlainObject(value)) for (const key of Object.keys(value)) collectSealed(value[key], into);
  return into;
}

/** The value with each sealed one replaced; parts without any are the same objects as before. */
export function replaceSealed<Value>(value: Value, opened: ReadonlyMap<object, unknown>): OpenedDeep<Value> {
  return replace(value, opened) as OpenedDeep<Value>;
}

function replace(value: unknown, opened: ReadonlyMap<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (opened.has(value)) return opened.get(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => replace(item, opened));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isPlainObject(value)) return value;
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => [key, replace(field, opened)]);
  return fields.some(([key, field]) => field !== value[key]) ? Object.fromEntries(fields) : value;
}

/** Stricter than the marker of the type: other objects may have fields of these names. */
function isSealedValue(value: unknown): value is Sealed {
  return (
    isSealed(value) &&
    Object.keys(value).length === 3 &&
    typeof value.k === 'string' &&
    value.k.startsWith('key_') &&
    typeof value.a === 'string' &&
    typeof (value.c ?? value.b) === 'string'
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
