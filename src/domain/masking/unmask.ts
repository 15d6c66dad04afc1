import type { Json } from '../event.ts';
import { mapTexts } from './mask.ts';
import { PLACEHOLDER, PLACEHOLDER_LENGTH, type Placeholders } from './placeholders.ts';

type Known = Pick<Placeholders, 'meaning'>;

/** The text with what its placeholders stand for; one that stands for nothing stays. */
export const unmask = ({ meaning }: Known, text: string): string =>
  text.replaceAll(PLACEHOLDER, (placeholder) => meaning(placeholder) ?? placeholder);

export const unmaskDeep = (known: Known, value: Json): Json => mapTexts(value, (text) => unmask(known, text));

/** The same for a text that comes in chunks. */
export interface Unmasker {
  /** What can be said now: the beginning of what may be a placeholder is kept for the next chunk. */
  push(chunk: string): string;
  /** What is still kept: the text has ended. */
  end(): string;
}

/** Where a text ends in something that may become a placeholder. */
const BEGUN = /\[(?:[A-Z]{0,5}|[A-Z]{2,5}_\d{0,6})$/;

/** `say` writes a value into the text around it, in JSON for example. */
export function createUnmasker({ meaning }: Known, say: (value: string) => string = (value) => value): Unmasker {
  let kept = '';
  const opened = (text: string): string =>
    text.replaceAll(PLACEHOLDER, (placeholder) => {
      const value = meaning(placeholder);
      return value === undefined || value === placeholder ? placeholder : say(value);
    });
  return {
    push(chunk) {
      const text = kept + chunk;
      const from = Math.max(0, text.length - PLACEHOLDER_LENGTH);
      const begun = BEGUN.exec(text.slice(from));
      const upTo = begun ? from + begun.index : text.length;
      kept = text.slice(upTo);
      return opened(text.slice(0, upTo));
    },
    end() {
      const rest = kept;
      kept = '';
      return opened(rest);
    },
  };
}

/** For JSON that comes in chunks: a value stands inside of a string there. */
export const createJsonUnmasker = (known: Known): Unmasker => createUnmasker(known, (value) => JSON.stringify(value).slice(1, -1));
