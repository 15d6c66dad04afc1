import { hash } from 'node:crypto';

// The tree of RFC 6962, section 2.1, with SHA-256. Hashes are 32 bytes; ranges of leaves count from 0, `to` exclusive.

export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The root of no leaves. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');
export const leafHash = (entry: Uint8Array): Buffer => hash('sha256', Buffer.concat([LEAF, entry]), 'buffer');
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');

/** Grows at its end; it holds one hash for each perfect subtree only, as many as the size has binary ones. */
export interface CompactTree {
  append(leaf: Buffer): void;
  size(): number;
  root(): Buffer;
  /** The roots of the perfect subtrees, the largest first: with the size all there is to go on from. */
  subtrees(): readonly Buffer[];
}

/** The tree of a size, gone on from its subtrees, or an empty one. Throws `RangeError` when these cannot be the subtrees of that size. */
export function compactTree(size = 0, subtrees: readonly Buffer[] = []): CompactTree {
  const fits = Number.isSafeInteger(size) && size >= 0 && subtrees.length === size.toString(2).replaceAll('0', '').length;
  if (!fits || subtrees.some(({ length }) => length !== EMPTY_ROOT.length)) throw new RangeError(`These are not the subtrees of a tree of ${size}.`);
  const perfect = [...subtrees];
  let count = size;
  return {
    append(leaf) {
      let node = leaf;
      for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(perfect.pop() ?? EMPTY_ROOT, node);
      perfect.push(node);
      count += 1;
    },
    size: () => count,
    root: () => (perfect.length === 0 ? EMPTY_ROOT : perfect.reduceRight((right, left) => nodeHash(left, right))),
    subtrees: () => [...perfect],
  };
}

/** The largest power of two below a number that is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The ranges whose roots prove that the leaf is in the tree of that size, from the leaf upwards. */
export function inclusionRanges(index: number, size: number): readonly LeafRange[] {
  requireWithin(index, size - 1);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose roots prove that the tree of `size` begins with the tree of `oldSize`, from that one's end upwards. */
export function consistencyRanges(oldSize: number, size: number): readonly LeafRange[] {
  requireWithin(oldSize, size);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, oldSize === 0 ? 0 : size];
  while (oldSize < to) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  // Whoever has the old tree's root needs no proof of it.
  if (from > 0) ranges.push({ from, to });
  return ranges.reverse();
}

function requireWithin(place: number, most: number): void {
  if (!Number.isSafeInteger(place) || place < 0 || place > most) throw new RangeError(`There is no place ${place} in 0 to ${most}.`);
}

export interface RangeRoots {
  /** Takes the leaves' hashes one after the other, from leaf 0 on. */
  add(leaf: Buffer): void;
  /** In the order of the ranges; the root of what was seen of each. */
  roots(): readonly Buffer[];
}

/** Computes the roots of ranges that do not overlap in one pass over the leaves. */
export function rangeRoots(ranges: readonly LeafRange[]): RangeRoots {
  const trees = ranges.map((range) => ({ ...range, tree: compactTree() }));
  const inOrder = trees.toSorted((one, other) => one.from - other.from);
  let index = 0;
  let current = 0;
  return {
    add(leaf) {
      while ((inOrder[current]?.to ?? Number.POSITIVE_INFINITY) <= index) current += 1;
      const range = inOrder[current];
      if (range && range.from <= index) range.tree.append(leaf);
      index += 1;
    },
    roots: () => trees.map(({ tree }) => tree.root()),
  };
}

export interface Inclusion {
  /** Of the leaf, as `leafHash` makes it. */
  readonly leaf: Buffer;
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

/** Whether the proof shows the leaf to be in the tree with that root. */
export function isIncluded({ leaf, index, size, root, proof }: Inclusion): boolean {
  if (!isPlace(index) || !isPlace(size) || index >= size) return false;
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== proof.length) return false;
  const found = proof.reduce((node, hash, step) => ((ranges[step]?.from ?? 0) > index ? nodeHash(node, hash) : nodeHash(hash, node)), leaf);
  return found.equals(root);
}

export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Buffer;
  readonly size: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

/** Whether the proof shows that the tree with the root begins with the tree with the old root: nothing up to there has changed. */
export function isConsistent({ oldSize, oldRoot, size, root, proof }: Consistency): boolean {
  if (!isPlace(oldSize) || !isPlace(size) || oldSize > size) return false;
  const ranges = consistencyRanges(oldSize, size);
  if (ranges.length !== proof.length) return false;
  if (oldSize === 0) return oldRoot.equals(EMPTY_ROOT);
  const isGiven = ranges[0]?.to === oldSize;
  const start = isGiven ? (proof[0] ?? oldRoot) : oldRoot;
  let [old, whole] = [start, start];
  for (const [step, hash] of proof.entries()) {
    if (isGiven && step === 0) continue;
    const isRight = (ranges[step]?.from ?? 0) >= oldSize;
    if (!isRight) old = nodeHash(hash, old);
    whole = isRight ? nodeHash(whole, hash) : nodeHash(hash, whole);
  }
  return old.equals(oldRoot) && whole.equals(root);
}

const isPlace = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
