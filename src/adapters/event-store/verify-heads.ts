import type { KeyObject } from 'node:crypto';
import type { SignedHead } from '../evidence/port.ts';
import { isSignedBy, saidOfHead } from './heads.ts';
import { compactTree, leafHash } from './merkle.ts';

export interface HeadCheck {
  /** Takes every leaf of the log, in its order. */
  add(leaf: Buffer): void;
  /** One sentence for each head that is not one of this log, once all leaves have been added. */
  problems(): readonly string[];
}

/**
 * Whether the log begins with the tree of every head, and every head with those before it. Between the last head that fits and the first that does not
 * lies the first event that is not what it was.
 */
export function checkHeads(heads: readonly SignedHead[]): HeadCheck {
  const inOrder = heads.toSorted((one, other) => one.size - other.size);
  const tree = compactTree();
  const found: string[] = [];
  let next = 0;
  let fitting = 0;
  return {
    add(leaf) {
      tree.append(leafHash(leaf));
      for (let head = inOrder[next]; head?.size === tree.size(); head = inOrder[++next]) {
        if (head.rootHash === tree.root().toString('hex')) fitting = head.size;
        else found.push(`it is not the log of ${saidOfHead(head)}: something in the events ${fitting + 1} to ${head.size} has been changed since`);
      }
    },
    problems: () => [...found, ...inOrder.slice(next).map((head) => `it has been cut: ${tree.size()} events are left of ${saidOfHead(head)}`)],
  };
}

export interface Signer {
  readonly publicKey: KeyObject;
  /** Any, where nobody knows whose the heads should be. */
  readonly installation?: string;
}

/** One sentence for each head that was not signed by this installation, or that goes back in time. */
export const unsigned = (heads: readonly SignedHead[], { publicKey, installation }: Signer): readonly string[] =>
  heads.flatMap((head, index) => {
    const before = heads[index - 1];
    if (!isSignedBy(head, publicKey)) return [`${saidOfHead(head)} has not been signed with the key of this installation`];
    if (installation !== undefined && head.installation !== installation) return [`${saidOfHead(head)} is one of another installation`];
    if (before && before.size > head.size) return [`${saidOfHead(head)} stands behind one over more events`];
    return [];
  });
