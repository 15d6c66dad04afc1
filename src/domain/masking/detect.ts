import { ibanLength, isCard, isIban, isInsuranceNumber, isIpv6, isSocialSecurityNumber, isTaxId } from './checks.ts';

/** What is looked for, in this order: what an earlier one takes is not seen by a later one. `NAME` is what a person lists itself. */
export const maskKinds = ['EMAIL', 'IBAN', 'CARD', 'ID', 'IP', 'PHONE', 'NAME'] as const;
export type MaskKind = (typeof maskKinds)[number];

/** A part of a text, from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Spans in order, none over another. Every pattern has bounds, so that the time is proportional to the length of the text. */
type Detector = (text: string) => Span[];

const matching =
  (pattern: RegExp, fits: (match: string) => boolean = () => true): Detector =>
  (text) =>
    [...text.matchAll(pattern)].filter(([match]) => fits(match)).map(({ 0: match, index }) => ({ start: index, end: index + match.length }));

const emails = matching(/[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu);

const IBAN_HEAD = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}/giu;
/** As long as its country's are, letters and digits together or with single spaces between them. */
const ibans: Detector = (text) => {
  const found: Span[] = [];
  for (const { 0: head, index } of text.matchAll(IBAN_HEAD)) {
    const length = ibanLength(head.slice(0, 2).toUpperCase()) ?? 0;
    let compact = '';
    let at = index;
    for (; compact.length < length && at < text.length; at++) {
      const character = text[at] ?? '';
      if (/[A-Za-z0-9]/.test(character)) compact += character.toUpperCase();
      else if (character !== ' ' || text[at - 1] === ' ') break;
    }
    const ends = !/^[\p{L}\p{N}]/u.test(text.slice(at, at + 2));
    if (length > 0 && compact.length === length && ends && isIban(compact)) found.push({ start: index, end: at });
  }
  return found;
};

const DIGITS = /(?<![\p{L}\p{N}])\d(?:[ -]?\d){12,60}(?![\p{L}\p{N}])/gu;
/** Whole groups of a row of digits: before and after a card's number there may be others. */
const cards: Detector = (text) =>
  [...text.matchAll(DIGITS)].flatMap(({ 0: row, index }) => {
    const groups = [...row.matchAll(/\d+/g)].map(({ 0: group, index: at }) => ({ group, start: index + at, end: index + at + group.length }));
    const found: Span[] = [];
    for (let first = 0; first < groups.length; first++) {
      let digits = '';
      for (let last = first; last < groups.length && digits.length < 19; last++) {
        digits += groups[last]?.group ?? '';
        if (!isCard(digits)) continue;
        found.push({ start: groups[first]?.start ?? 0, end: groups[last]?.end ?? 0 });
        first = last;
        break;
      }
    }
    return found;
  });

const compactOf = (match: string): string => match.replaceAll(/[ /]/g, '').toUpperCase();
const taxIds = matching(/(?<![\p{L}\p{N}])\d{2} ?\d{3} ?\d{3} ?\d{3}(?![\p{L}\p{N}])/gu, (match) => isTaxId(compactOf(match)));
const insuranceNumbers = matching(/(?<![\p{L}\p{N}])\d{2} ?\d{6} ?[A-Z] ?\d{3}(?![\p{L}\p{N}])/giu, (match) => isInsuranceNumber(compactOf(match)));
const socialSecurityNumbers = matching(/(?<![\p{L}\p{N}-])\d{3}-\d{2}-\d{4}(?![\p{L}\p{N}-])/gu, isSocialSecurityNumber);

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = matching(new RegExp(`(?<![\\p{N}.])${BYTE}(?:\\.${BYTE}){3}(?![\\p{N}]|\\.\\p{N})`, 'gu'));
const ipv6 = matching(/(?<![\p{L}\p{N}:])[0-9a-f:]{3,39}(?![\p{L}\p{N}:])/giu, isIpv6);

const BEFORE = '(?<![\\p{L}\\p{N}+.:/_-])';
const international = matching(/(?<![\p{L}\p{N}+])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)/gu);
const national = matching(new RegExp(`${BEFORE}(?:\\(0[1-9]\\d{1,4}\\)|0[1-9]\\d{1,4})[ ./-]{0,2}\\d(?:[ /-]?\\d){3,9}(?!\\d)`, 'gu'));
const american = matching(new RegExp(`${BEFORE}(?:\\([2-9]\\d{2}\\)|[2-9]\\d{2})[ .-]{1,2}[2-9]\\d{2}[ .-]\\d{4}(?!\\d)`, 'gu'));

const detectors: Readonly<Record<Exclude<MaskKind, 'NAME'>, readonly Detector[]>> = {
  EMAIL: [emails],
  IBAN: [ibans],
  CARD: [cards],
  ID: [taxIds, insuranceNumbers, socialSecurityNumbers],
  IP: [ipv4, ipv6],
  PHONE: [international, national, american],
};

/** Whole words of a list, in any case, spaces between them of any kind; the longest first. */
function words(list: readonly string[]): Detector[] {
  const wanted = list.map((word) => word.trim()).filter((word) => word !== '');
  if (wanted.length === 0) return [];
  const patterns = wanted
    .toSorted((one, other) => other.length - one.length)
    .map((word) =>
      word
        .split(/\s+/)
        .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
        .join('\\s{1,4}'),
    );
  return [matching(new RegExp(`(?<![\\p{L}\\p{N}])(?:${patterns.join('|')})(?![\\p{L}\\p{N}])`, 'giu'))];
}

/** Those that find the wanted kinds, in the order in which they are to be asked. */
export const detectorsOf = (kinds: readonly MaskKind[], listed: readonly string[]): readonly (readonly [MaskKind, Detector])[] =>
  maskKinds
    .filter((kind) => kinds.includes(kind))
    .flatMap((kind) => (kind === 'NAME' ? words(listed) : detectors[kind]).map((detector) => [kind, detector] as const));
