import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';

const NONCE = 12;
const TAG = 16;
const ALGORITHM = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG };

/** nonce ‖ ciphertext ‖ tag, under a random nonce. A string is taken as UTF-8. */
export function encrypt(key: KeyObject, associatedData: string, plain: Uint8Array | string): Buffer {
  const nonce = randomFillSync(Buffer.allocUnsafe(NONCE));
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS).setAAD(Buffer.from(associatedData));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]);
}

/** Undefined unless the bytes were encrypted by this key with this associated data and are unaltered. */
export function decrypt(key: KeyObject, associatedData: string, bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < NONCE + TAG) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE), OPTIONS).setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  const plain = decipher.update(bytes.subarray(NONCE, bytes.length - TAG));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
