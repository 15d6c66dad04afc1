import { z } from 'zod';

export const JsonObject = z.record(z.string(), z.json());
export type JsonValue = z.infer<ReturnType<typeof z.json>>;
export type JsonObject = z.infer<typeof JsonObject>;

const deepest = 200;

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as JSON, or undefined where it is none (functions, NaN, …) or nested more than 200 deep; such members of an object are left out. */
export const jsonOf = (value: unknown, depth = 0): JsonValue | undefined => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (depth >= deepest) return undefined;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, depth + 1) ?? null);
  return isRecord(value) ? jsonObjectOf(value, depth) : undefined;
};

/** The JSON members of an object; anything else gives an empty object. */
export const jsonObjectOf = (value: unknown, depth = 0): JsonObject =>
  isRecord(value) ? withoutUndefined(Object.fromEntries(Object.entries(value).map(([key, member]) => [key, jsonOf(member, depth + 1)]))) : {};

export const withoutUndefined = (members: Record<string, JsonValue | undefined>): JsonObject => {
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(members)) if (member !== undefined && key !== '__proto__') kept[key] = member;
  return kept;
};

export const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Provider metadata as the AI SDK's schemas insist on it, an object of objects: another shape would end a client's stream. */
export const providerMetadataOf = (value: unknown): JsonObject | undefined =>
  isRecord(value) ? Object.fromEntries(Object.entries(jsonObjectOf(value)).filter(([, member]) => isRecord(member))) : undefined;
