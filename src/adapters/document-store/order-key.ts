import type { Json } from '../../domain/event.ts';

/**
 * A value's place in the order of the port, in three types that SQLite orders like this by itself: number < text < blob.
 * null and the booleans take the lowest doubles; a number below -1.7976931348623153e308 is therefore not told apart from them.
 * Objects and arrays come last and are all alike.
 */
export type OrderKey = number | string | Uint8Array;

export const nullKey = Number.NEGATIVE_INFINITY;
export const falseKey = -1.7976931348623157e308;
export const trueKey = -1.7976931348623155e308;
export const compoundKey: OrderKey = new Uint8Array(0);

/** A missing field is null, and so is what is no number in JSON. */
export function orderKey(value: Json | undefined): OrderKey {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : nullKey;
    case 'boolean':
      return value ? trueKey : falseKey;
    default:
      return value === null || value === undefined ? nullKey : compoundKey;
  }
}

const rank = (key: OrderKey) => (typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2);

export function compareKeys(left: OrderKey, right: OrderKey): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right || 0;
  if (typeof left === 'string' && typeof right === 'string') return compareUtf8(left, right);
  return rank(left) - rank(right);
}

/** UTF-16 puts surrogates below U+E000 to U+FFFF, UTF-8 puts what they stand for above. */
const lifted = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Orders well-formed strings by their UTF-8 bytes. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return lifted(a) - lifted(b);
  }
  return left.length - right.length;
}
