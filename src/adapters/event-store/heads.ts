import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Head, SignedHead } from '../evidence/port.ts';

/** Ed25519, RFC 8410: what stands before the 32 bytes of a private and of a public key in their DER forms. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

export interface HeadKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The key pair that belongs to 32 secret bytes, always the same. */
export function headKey(seed: Buffer): HeadKey {
  if (seed.length !== KEY_BYTES) throw new RangeError(`A key is made from ${KEY_BYTES} bytes, got ${seed.length}.`);
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Base64 of the 32 bytes. */
export const publicKeyText = (key: KeyObject): string =>
  key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length).toString('base64');

/** Undefined for what `publicKeyText` has not made. */
export function parsePublicKey(text: string): KeyObject | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text) return undefined;
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** What is signed: a line that says what it is, and the RFC 8785 form of the head. */
export const headText = ({ size, rootHash, time, installation }: Head): string =>
  `annals head v1\n${canonicalize({ size, rootHash, time, installation })}`;

export const signHead = (head: Head, key: KeyObject): SignedHead => ({
  ...head,
  signature: sign(null, Buffer.from(headText(head)), key).toString('base64'),
});

export const isSignedBy = (head: SignedHead, key: KeyObject): boolean =>
  verify(null, Buffer.from(headText(head)), key, Buffer.from(head.signature, 'base64'));

/** For people: how much of the log, and when. */
export const saidOfHead = ({ size, time }: Head): string => `the head over ${size} events of ${time}`;
