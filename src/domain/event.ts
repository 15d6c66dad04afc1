import { z } from 'zod';
import type { PersonId } from './ids.ts';

/** Any value that JSON can carry. */
export type Json = z.output<ReturnType<typeof z.json>>;
export type JsonObject = { [key: string]: Json };

/**
 * Personal text, encrypted. `k` names the data key, `a` the associated data (the event's id, a blob's id or a live-log place),
 * `c` is base64 of nonce ‖ ciphertext ‖ tag (AES-256-GCM); `b` instead of `c` names the blob that holds those bytes when they are many.
 * The type parameter is what opening it yields.
 */
export interface Sealed<Content = unknown> {
  readonly k: string;
  readonly a: string;
  readonly c?: string;
  readonly b?: string;
  readonly __content?: Content;
}

export const SealedValue = z.strictObject({ k: z.string(), a: z.string(), c: z.string().optional(), b: z.string().optional() });

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && 'k' in value && 'a' in value && ('c' in value || 'b' in value);

/** What opening yields instead of content: the key was destroyed, or it is missing from the vault. */
export type Unopened = '[erased]' | '[unreadable]';
export type Opened<Content> = Content | Unopened;
export const isUnopened = (value: unknown): value is Unopened => value === '[erased]' || value === '[unreadable]';

type Shape = Record<string, z.ZodType>;
export type SealedField<Inner extends Shape = Shape> = z.ZodType<Sealed<z.output<z.ZodObject<Inner>>>> & {
  readonly inner: z.ZodObject<Inner>;
  readonly hidden: readonly string[];
};

/**
 * Marks the personal part of an event's data. It is stored as one ciphertext in the field `sealed`. The texts named in `hidden` are encrypted once more
 * before that: whoever may open the event sees a ciphertext in their place.
 */
export function sealed<Inner extends Shape>(
  inner: Inner,
  { hidden = [] }: { readonly hidden?: readonly (keyof Inner & string)[] } = {},
): { sealed: SealedField<Inner> } {
  return { sealed: Object.assign(SealedValue.clone(), { inner: z.strictObject(inner), hidden }) as unknown as SealedField<Inner> };
}

export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly commandId: string;
  /** HMAC of the command's body: the same command id with another body is an error. */
  readonly commandHash: string;
  /** Who did it. */
  readonly actor: string;
  /** Whose data it is. */
  readonly subject: PersonId;
  /** Business time, ISO 8601 with milliseconds and Z. Views use only this, never the store's own time. */
  readonly time: string;
  readonly traceparent?: string;
}

/** What `decide` answers: the personal part still in the clear, apart from the rest; `tell` seals it before the append. */
export interface NewEvent<Type extends string = string, Data = object, Secret = unknown> {
  readonly type: Type;
  readonly version: number;
  readonly data: Data;
  readonly secret?: Secret;
  /** Texts in the personal part that are encrypted once more before it is sealed. */
  readonly hidden?: readonly string[];
  /** When it happened, if that was before the command: somewhere else, and imported here. */
  readonly at?: string;
}

/** An event as the store gives it back, upcast to its newest version. Sealed parts stay sealed. */
export interface RecordedEvent<Type extends string = string, Data = JsonObject> {
  readonly id: string;
  readonly type: Type;
  readonly version: number;
  readonly stream: string;
  readonly revision: bigint;
  /** 20 digits, ordered as text, opaque otherwise. */
  readonly position: string;
  readonly data: Data;
  readonly metadata: EventMetadata;
}

type PlainFields<Fields extends Shape> = Omit<Fields, 'sealed'>;
type PlainOf<Fields extends Shape> = keyof PlainFields<Fields> extends never ? unknown : z.input<z.ZodObject<PlainFields<Fields>>>;
type SecretOf<Fields extends Shape> = Fields extends { sealed: SealedField<infer Inner> } ? z.input<z.ZodObject<Inner>> : unknown;

export interface EventDefinition<Type extends string = string, Fields extends Shape = Shape> {
  (data: PlainOf<Fields> & SecretOf<Fields>): NewEvent<Type, z.output<z.ZodObject<PlainFields<Fields>>>>;
  readonly type: Type;
  readonly version: number;
  /** The data as stored, `sealed` included. */
  readonly schema: z.ZodObject<Fields>;
}

/** The recorded form of one or several event definitions, a union discriminated by `type`. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Type, infer Fields> ? RecordedEvent<Type, z.output<z.ZodObject<Fields>>> : never;

const newest = new Map<string, number>();
/** The newest version of the type that this release knows; `undefined` for a type it does not know. */
export const newestVersion = (type: string): number | undefined => newest.get(type);

/**
 * Declares an event type. Type names and fields are storage: never rename one, raise the version and write an upcaster.
 * Calling the definition checks the data and gives a `NewEvent`.
 */
export function event<Type extends string, Fields extends Shape>(type: Type, version: number, fields: Fields): EventDefinition<Type, Fields> {
  newest.set(type, Math.max(version, newest.get(type) ?? 0));
  const { sealed: sealedField, ...plain } = fields as Fields & { sealed?: SealedField };
  const plainSchema = z.object(plain);
  const make = (input: Record<string, unknown>) => ({
    type,
    version,
    data: plainSchema.parse(input),
    ...(sealedField ? { secret: sealedField.inner.parse(pick(input, Object.keys(sealedField.inner.shape))) } : {}),
    ...(sealedField && sealedField.hidden.length > 0 ? { hidden: sealedField.hidden } : {}),
  });
  return Object.assign(make, { type, version, schema: z.object(fields) }) as unknown as EventDefinition<Type, Fields>;
}

function pick(source: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]));
}
