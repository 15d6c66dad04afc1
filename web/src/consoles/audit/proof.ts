import canonicalize from 'canonicalize';
import { z } from 'zod';
import { request } from '../../api.ts';

export const Head = z.object({ size: z.number(), rootHash: z.string(), time: z.string(), installation: z.string(), signature: z.string() });
export type Head = z.infer<typeof Head>;
const Inclusion = z.object({
  event: z.record(z.string(), z.unknown()),
  leaf: z.string(),
  index: z.number(),
  path: z.array(z.string()),
  head: Head,
});
export type Inclusion = z.infer<typeof Inclusion>;

export interface Proof extends Inclusion {
  /** Computed here, from the event as it is stored: it leads to the root of the head. */
  readonly isIncluded: boolean;
  /** The head is signed with the key of this installation. */
  readonly isSigned: boolean;
}

/** Asks for the proof that the event is in the log, and checks it in this page. */
export async function prove({ stream, revision }: { stream: string; revision: string }, publicKey: string): Promise<Proof> {
  const found = await request(`/api/audit/proof?stream=${encodeURIComponent(stream)}&revision=${revision}`, Inclusion);
  const leaf = await sha256(new TextEncoder().encode(canonicalize(found.event)));
  const root = await rootOf(found, await sha256(Uint8Array.of(0), leaf));
  return { ...found, isIncluded: hex(leaf) === found.leaf && root === found.head.rootHash, isSigned: await isSigned(found.head, publicKey) };
}

/** RFC 6962, 2.1.1: the hashes of the path, from the leaf upwards, each on its side. */
async function rootOf({ index, path, head: { size } }: Inclusion, leaf: Bytes): Promise<string> {
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return '';
    const beside = bytesOf(sibling);
    if (node % 2 === 1 || node === last) {
      hash = await sha256(Uint8Array.of(1), beside, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = await sha256(Uint8Array.of(1), hash, beside);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hex(hash) : '';
}

async function isSigned({ signature, ...said }: Head, publicKey: string): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', fromBase64(publicKey), 'Ed25519', false, ['verify']);
  const text = new TextEncoder().encode(`annals head v1\n${canonicalize(said)}`);
  return crypto.subtle.verify('Ed25519', key, fromBase64(signature), text);
}

type Bytes = Uint8Array<ArrayBuffer>;
async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}
const bytesOf = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
