import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { StoredDocument } from './port.ts';

/** Takes the documents in order of id, page by page, so that a large collection needs little memory. */
export function startDigest() {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add(page: readonly StoredDocument[]): void {
      for (const { id, doc } of page) hash.update(canonicalize({ ...doc, _id: id }) ?? '');
      count += page.length;
    },
    finish: () => ({ digest: hash.digest('hex'), count }),
  };
}
