import { createHmac, createSecretKey } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** The same text has the same pseudonym for ever, and without the secret neither leads to the other. */
export type Pseudonym = (text: string) => string;

/** 132 bits: no two of an installation's persons share one. */
const LENGTH = 22;
export const PSEUDONYM = new RegExp(`^pseudo_[A-Za-z0-9_-]{${LENGTH}}$`);

/** Under a secret that serves nothing else. */
export function createPseudonyms(secret: Uint8Array): Pseudonym {
  const key = createSecretKey(secret);
  const known = new LRUCache<string, string>({ max: 20_000 });
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = `pseudo_${createHmac('sha256', key).update(text).digest('base64url').slice(0, LENGTH)}`;
    known.set(text, made);
    return made;
  };
}
