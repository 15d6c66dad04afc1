import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { decrypt, encrypt } from './aes-gcm.ts';

const KEY_BYTES = 32;
const CHECK = 'annals key vault';

export const newKeyId = (): string => `key_${randomBytes(16).toString('hex')}`;

/** A new data key, only as its wrapped bytes, bound to its owner. Not a view of Node's buffer pool, which would travel along to another thread. */
export function newWrappedKey(master: KeyObject, owner: string): Uint8Array {
  const bytes = randomBytes(KEY_BYTES);
  const wrapped = new Uint8Array(encrypt(master, owner, bytes));
  bytes.fill(0);
  return wrapped;
}

/** Undefined when the bytes were wrapped by another key or for another owner, or were altered. */
export function unwrapKey(master: KeyObject, owner: string, wrapped: Uint8Array): KeyObject | undefined {
  const bytes = decrypt(master, owner, wrapped);
  if (bytes?.length !== KEY_BYTES) return undefined;
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** Tells later whether a vault is opened with the master key it was made with. */
export const makeCheck = (master: KeyObject): Uint8Array => new Uint8Array(encrypt(master, CHECK, CHECK));
export const passesCheck = (master: KeyObject, check: Uint8Array): boolean => decrypt(master, CHECK, check)?.toString() === CHECK;
