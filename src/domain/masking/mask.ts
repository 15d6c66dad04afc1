import type { Json } from '../event.ts';
import { detectorsOf, type MaskKind } from './detect.ts';
import { PLACEHOLDER, type Placeholders } from './placeholders.ts';

/** A text taken apart: what may stay, and placeholders. */
type Piece = { readonly plain: string } | { readonly placeholder: string };
const isPlain = (piece: Piece): piece is { readonly plain: string } => 'plain' in piece;

export interface Masking {
  /** The text without anything that is found; `unmask` gives it back. Masking it once more finds nothing. */
  readonly text: (text: string) => string;
  /** Every text inside, names of members among them. */
  readonly deep: (value: Json) => Json;
  /** How many different values of each kind have been masked so far. */
  readonly counts: () => Readonly<Partial<Record<MaskKind, number>>>;
}

/** Masks what is found of the kinds, and the listed words; new values get placeholders of their own. */
export function createMasking(
  placeholders: Placeholders,
  { kinds, listed = [] }: { readonly kinds: readonly MaskKind[]; readonly listed?: readonly string[] },
): Masking {
  const detectors = detectorsOf(kinds, listed);
  const used = new Map<MaskKind, Set<string>>();

  const split = (text: string, spans: readonly { start: number; end: number }[], say: (found: string) => string): Piece[] => {
    const pieces: Piece[] = [];
    let at = 0;
    for (const { start, end } of spans) {
      if (start > at) pieces.push({ plain: text.slice(at, start) });
      pieces.push({ placeholder: say(text.slice(start, end)) });
      at = end;
    }
    if (at < text.length) pieces.push({ plain: text.slice(at) });
    return pieces;
  };
  const named = (kind: MaskKind, value: string): string => {
    const placeholder = placeholders.of(kind, value);
    used.set(kind, (used.get(kind) ?? new Set()).add(placeholder));
    return placeholder;
  };

  const text = (whole: string): string => {
    const written = [...whole.matchAll(PLACEHOLDER)].map(({ 0: match, index }) => ({ start: index, end: index + match.length }));
    let pieces = split(whole, written, placeholders.written);
    // What is taken out may bring to light what it was joined to: until nothing is found any more.
    for (let before = -1; before !== pieces.length; ) {
      before = pieces.length;
      for (const [kind, detect] of detectors)
        pieces = pieces.flatMap((piece) => (isPlain(piece) ? split(piece.plain, detect(piece.plain), (value) => named(kind, value)) : [piece]));
    }
    return pieces.map((piece) => (isPlain(piece) ? piece.plain : piece.placeholder)).join('');
  };

  const deep = (value: Json): Json => mapTexts(value, text);
  return { text, deep, counts: () => Object.fromEntries([...used].map(([kind, values]) => [kind, values.size])) };
}

/** The value with every text in it replaced, names of members among them. */
export function mapTexts(value: Json, replace: (text: string) => string): Json {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [replace(name), mapTexts(item, replace)]));
}
