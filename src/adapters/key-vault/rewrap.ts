import type { KeyObject } from 'node:crypto';
import { encrypt } from './aes-gcm.ts';
import type { KeyScope } from './port.ts';
import { unwrapKey } from './wrapping.ts';

/** What a change of the master key came to. */
export interface Rewrapped {
  /** Data keys that are wrapped by the new master key now. */
  readonly keys: number;
  /** Data keys that opened with neither master key, and stay as they are. */
  readonly unreadable: number;
}

export type RewrappedKey = { readonly state: 'rewrapped'; readonly wrapped: Uint8Array } | { readonly state: 'done' | 'unreadable' };

/** One data key under the new master key; `done` when it is already. */
export function rewrapKey(
  from: KeyObject,
  to: KeyObject,
  { keyId, subject, scope }: KeyScope & { keyId: string },
  wrapped: Uint8Array,
): RewrappedKey {
  const owner = JSON.stringify([keyId, subject, scope]);
  const key = unwrapKey(from, owner, wrapped);
  if (key) return { state: 'rewrapped', wrapped: new Uint8Array(encrypt(to, owner, key.export())) };
  return { state: unwrapKey(to, owner, wrapped) ? 'done' : 'unreadable' };
}
