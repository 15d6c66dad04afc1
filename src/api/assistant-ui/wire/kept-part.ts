import { Part } from '../../../domain/message.ts';
import type { JsonValue } from './json.ts';
import { jsonOf } from './json.ts';

/** The name of the data part that carries a part of ours through a format that has no form for it. */
export const keptPartName = 'annals-part';

export const keptPart = (part: Part): JsonValue => jsonOf(part) ?? null;

/** The part that such a data part carries, or undefined if it carries none. */
export const partKeptIn = (name: string, data: unknown): Part | undefined => (name === keptPartName ? Part.safeParse(data).data : undefined);

/** An unknown part, word for word; undefined only for what is not JSON. */
export const rawPart = (format: string, value: unknown): Part | undefined => {
  const json = jsonOf(value);
  return json === undefined ? undefined : { type: 'raw', format, value: json };
};
