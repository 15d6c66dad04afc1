import { createHash } from 'node:crypto';

/** A part of the log for reactions: some of its streams. */
export interface Shard {
  /** Part of the name of its checkpoints. */
  readonly name: string;
  has(stream: string): boolean;
}

export const wholeLog: Shard = { name: '', has: () => true };

/** The log in `count` parts; installations never change the count, since checkpoints are kept under it. */
export const shardsOf = (count: number): readonly Shard[] =>
  Array.from({ length: count }, (_, index) => ({ name: `-${index}of${count}`, has: (stream) => numberOf(stream) % count === index }));

const numberOf = (stream: string): number => createHash('sha256').update(stream).digest().readUInt32BE();
