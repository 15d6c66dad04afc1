import type { MaskKind } from './detect.ts';

/** `TEXT` stands for a text of the person that looks like one of our placeholders and would be taken for it. */
export type PlaceholderKind = MaskKind | 'TEXT';

/** What stands in a prompt instead of something personal: `[EMAIL_1]`. */
export const PLACEHOLDER = /\[(?:EMAIL|IBAN|CARD|ID|IP|PHONE|NAME|TEXT)_[1-9]\d{0,5}\]/g;
/** No placeholder is longer. */
export const PLACEHOLDER_LENGTH = '[EMAIL_999999]'.length;

export interface PlaceholderEntry {
  readonly placeholder: string;
  /** What it stands for; itself when somebody wrote it and it stands for nothing else. */
  readonly value: string;
}

/** Which placeholder stands for what, within one conversation: the same value always has the same one. */
export interface Placeholders {
  readonly meaning: (placeholder: string) => string | undefined;
  readonly of: (kind: PlaceholderKind, value: string) => string;
  /** How a placeholder that somebody wrote is said. */
  readonly written: (placeholder: string) => string;
  /** Those that came to the ones given at the beginning. */
  readonly added: () => readonly PlaceholderEntry[];
}

const kindOf = (placeholder: string): PlaceholderKind => placeholder.slice(1, placeholder.indexOf('_')) as PlaceholderKind;

export function createPlaceholders(known: readonly PlaceholderEntry[] = []): Placeholders {
  const values = new Map<string, string>();
  const placeholders = new Map<string, string>();
  const numbers = new Map<PlaceholderKind, number>();
  const added: PlaceholderEntry[] = [];
  const keyOf = (kind: PlaceholderKind, value: string): string => `${kind} ${value}`;
  const take = ({ placeholder, value }: PlaceholderEntry): void => {
    values.set(placeholder, value);
    if (value !== placeholder) placeholders.set(keyOf(kindOf(placeholder), value), placeholder);
  };
  for (const entry of known) take(entry);
  const add = (entry: PlaceholderEntry): string => {
    take(entry);
    added.push(entry);
    return entry.placeholder;
  };
  const next = (kind: PlaceholderKind): string => {
    for (let number = (numbers.get(kind) ?? 0) + 1; ; number++) {
      const placeholder = `[${kind}_${number}]`;
      numbers.set(kind, number);
      if (!values.has(placeholder)) return placeholder;
    }
  };
  const of = (kind: PlaceholderKind, value: string): string => placeholders.get(keyOf(kind, value)) ?? add({ placeholder: next(kind), value });
  return {
    meaning: (placeholder) => values.get(placeholder),
    of,
    written: (placeholder) => {
      const value = values.get(placeholder);
      if (value === undefined) return add({ placeholder, value: placeholder });
      return value === placeholder ? placeholder : of('TEXT', placeholder);
    },
    added: () => added,
  };
}
