import type { KeyObject } from 'node:crypto';
import { encrypt } from './aes-gcm.ts';
import type { KeyScope } from './port.ts';
import { unwrapKey } from './wrapping.ts';

/** A key as a vault keeps it; without its bytes when it was destroyed. */
export interface KeptKey extends KeyScope {
  readonly keyId: string;
  readonly wrapped: Uint8Array | undefined;
}

export interface Destruction {
  readonly kind: 'scope' | 'subject';
  readonly name: string;
}

/** All that a vault holds but its mark, which only means something beside its own log. */
export interface VaultContent {
  readonly keys: readonly KeptKey[];
  readonly destroyed: readonly Destruction[];
}

export interface OpenVault extends VaultContent {
  readonly master: KeyObject;
}

const ownerOf = ({ keyId, subject, scope }: KeptKey): string => JSON.stringify([keyId, subject, scope]);
const nameOf = ({ kind, name }: Destruction): string => `${kind} ${name}`;

/** What was destroyed has no bytes, wherever its row may still have them. */
export function contentOf(keys: readonly KeptKey[], destroyed: readonly Destruction[]): VaultContent {
  const gone = new Set(destroyed.map(nameOf));
  const isGone = ({ subject, scope }: KeptKey): boolean => gone.has(`subject ${subject}`) || gone.has(`scope ${scope}`);
  return { keys: keys.map((key) => (isGone(key) ? { ...key, wrapped: undefined } : key)), destroyed };
}

/** The same keys under another master key. One that does not open stays as it is. */
export function rewrapped({ keys, destroyed, master }: OpenVault, to: KeyObject): VaultContent {
  if (master.equals(to)) return { keys, destroyed };
  const rewrap = (kept: KeptKey): KeptKey => {
    const key = kept.wrapped && unwrapKey(master, ownerOf(kept), kept.wrapped);
    return key ? { ...kept, wrapped: new Uint8Array(encrypt(to, ownerOf(kept), key.export())) } : kept;
  };
  return { keys: keys.map(rewrap), destroyed };
}

/** Where the two differ, a sentence each: every key has to be the same under its own master key, and the same must be destroyed. */
export function vaultDifferences(source: OpenVault, target: OpenVault): string[] {
  const found = new Map(target.keys.map((key) => [key.keyId, key]));
  const known = new Set(source.keys.map(({ keyId }) => keyId));
  const gone = new Set(target.destroyed.map(nameOf));
  return [
    ...source.keys
      .filter((key) => !isSame(source.master, key, target.master, found.get(key.keyId)))
      .map(({ keyId }) => `key ${keyId} is not the same`),
    ...target.keys.filter(({ keyId }) => !known.has(keyId)).map(({ keyId }) => `key ${keyId} is only in the target`),
    ...source.destroyed.filter((one) => !gone.has(nameOf(one))).map(({ kind, name }) => `that the ${kind} ${name} was destroyed is not known`),
  ];
}

function isSame(master: KeyObject, key: KeptKey, otherMaster: KeyObject, other: KeptKey | undefined): boolean {
  if (!other || ownerOf(key) !== ownerOf(other) || (key.wrapped === undefined) !== (other.wrapped === undefined)) return false;
  if (!key.wrapped || !other.wrapped) return true;
  const [one, two] = [unwrapKey(master, ownerOf(key), key.wrapped), unwrapKey(otherMaster, ownerOf(other), other.wrapped)];
  return one === undefined ? two === undefined : two?.equals(one) === true;
}
