import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CompactTree,
  compactTree,
  consistencyRanges,
  inclusionRanges,
  isConsistent,
  isIncluded,
  type LeafRange,
  leafHash,
  rangeRoots,
} from '../../../src/adapters/event-store/merkle.ts';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const [zero, one] = [Buffer.of(0), Buffer.of(1)];

/** The definitions of RFC 6962, section 2.1, word by word. */
const splitAt = (n: number): number => Math.max(...Array.from({ length: 30 }, (_, bit) => 2 ** bit).filter((power) => power < n));
function mth(d: readonly Buffer[]): Buffer {
  const [only] = d;
  if (only === undefined) return sha256();
  if (d.length === 1) return sha256(zero, only);
  const k = splitAt(d.length);
  return sha256(one, mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = splitAt(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (m === d.length) return isWhole ? [] : [mth(d)];
  const k = splitAt(d.length);
  return m <= k ? [...subproof(m, d.slice(0, k), isWhole), mth(d.slice(k))] : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const entries = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => sha256(Buffer.from(`entry ${index}`)));
const treeOf = (leaves: readonly Buffer[], from: CompactTree = compactTree()): CompactTree => {
  for (const leaf of leaves) from.append(leafHash(leaf));
  return from;
};
const proofOf = (ranges: readonly LeafRange[], leaves: readonly Buffer[]): readonly Buffer[] => {
  const collected = rangeRoots(ranges);
  for (const leaf of leaves) collected.add(leafHash(leaf));
  return collected.roots();
};
const sizes = fc.integer({ min: 1, max: 130 });
/** A size and a place in it. */
const within = (least: number) => sizes.chain((size) => fc.tuple(fc.integer({ min: least, max: size - 1 + least }), fc.constant(size)));
const flipped = (hash: Buffer): Buffer => {
  const other = Buffer.from(hash);
  other.writeUInt8(other.readUInt8(7) ^ 1, 7);
  return other;
};

test('the roots of RFC 6962 come out for the eight leaves of its test data', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  expect(compactTree().root().toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(treeOf(leaves.slice(0, 1)).root().toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  expect(treeOf(leaves).root().toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
});

test('a tree that grows leaf by leaf, stopped and gone on from its subtrees anywhere, has the root of the definition', () => {
  fc.assert(
    fc.property(within(0), ([cut, size]) => {
      const leaves = entries(size);
      const first = treeOf(leaves.slice(0, cut));
      expect(first.subtrees().length).toBeLessThanOrEqual(Math.ceil(Math.log2(cut + 1)));
      const whole = treeOf(leaves.slice(cut), compactTree(first.size(), first.subtrees()));
      expect(whole.size()).toBe(size);
      expect(whole.root().equals(mth(leaves))).toBe(true);
    }),
  );
});

test('what are not the subtrees of a size are refused', () => {
  expect(() => compactTree(3, entries(1))).toThrow(RangeError);
  expect(() => compactTree(1, [Buffer.alloc(31)])).toThrow(RangeError);
  expect(() => compactTree(-1)).toThrow(RangeError);
});

test('an inclusion proof is the path of the definition, and is accepted for its leaf, place and root alone', () => {
  fc.assert(
    fc.property(within(0), fc.nat(), ([index, size], step) => {
      const leaves = entries(size);
      const proof = proofOf(inclusionRanges(index, size), leaves);
      expect(proof).toEqual(path(index, leaves));
      const shown = { leaf: leafHash(leaves[index] ?? zero), index, size, root: mth(leaves), proof };
      expect(isIncluded(shown)).toBe(true);
      expect(isIncluded({ ...shown, leaf: flipped(shown.leaf) })).toBe(false);
      expect(isIncluded({ ...shown, root: flipped(shown.root) })).toBe(false);
      expect(isIncluded({ ...shown, proof: [...proof, zero] })).toBe(false);
      expect(isIncluded({ ...shown, index: size })).toBe(false);
      if (size === 1) return;
      const at = step % proof.length;
      expect(isIncluded({ ...shown, proof: proof.with(at, flipped(proof[at] ?? zero)) })).toBe(false);
      expect(isIncluded({ ...shown, proof: proof.slice(1) })).toBe(false);
      expect(isIncluded({ ...shown, index: (index + 1) % size })).toBe(false);
    }),
  );
});

test('a consistency proof is the one of the definition, and is accepted for its two trees alone', () => {
  fc.assert(
    fc.property(within(1), fc.nat(), ([oldSize, size], step) => {
      const leaves = entries(size);
      const proof = proofOf(consistencyRanges(oldSize, size), leaves);
      expect(proof).toEqual(subproof(oldSize, leaves, true));
      const shown = { oldSize, oldRoot: mth(leaves.slice(0, oldSize)), size, root: mth(leaves), proof };
      expect(isConsistent(shown)).toBe(true);
      expect(isConsistent({ ...shown, oldRoot: flipped(shown.oldRoot) })).toBe(false);
      expect(isConsistent({ ...shown, root: flipped(shown.root) })).toBe(false);
      expect(isConsistent({ ...shown, proof: [...proof, zero] })).toBe(false);
      expect(isConsistent({ ...shown, oldSize: size + 1 })).toBe(false);
      if (proof.length === 0) return;
      const at = step % proof.length;
      expect(isConsistent({ ...shown, proof: proof.with(at, flipped(proof[at] ?? zero)) })).toBe(false);
    }),
  );
});

test('no proof makes two logs consistent of which one was changed, cut short or put in another order', () => {
  const change = fc.constantFrom<(leaves: readonly Buffer[], at: number) => readonly Buffer[]>(
    (leaves, at) => leaves.with(at, flipped(leaves[at] ?? zero)),
    (leaves, at) => leaves.toSpliced(at, 1),
    (leaves, at) => leaves.toSpliced(at, 0, sha256(zero)),
    (leaves, at) => leaves.with(at, leaves[at - 1] ?? zero).with(at - 1, leaves[at] ?? zero),
  );
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat({ max: 30 }), change, (oldSize, place, more, altered) => {
      const before = entries(oldSize);
      const after = [...altered(before, 1 + (place % (oldSize - 1))), ...entries(200).slice(150, 151 + more)];
      if (after.length < oldSize) return;
      const proof = proofOf(consistencyRanges(oldSize, after.length), after);
      expect(isConsistent({ oldSize, oldRoot: mth(before), size: after.length, root: mth(after), proof })).toBe(false);
    }),
  );
});

test('every log goes on from the empty one', () => {
  expect(isConsistent({ oldSize: 0, oldRoot: mth([]), size: 5, root: mth(entries(5)), proof: [] })).toBe(true);
  expect(isConsistent({ oldSize: 0, oldRoot: mth(entries(1)), size: 5, root: mth(entries(5)), proof: [] })).toBe(false);
});
