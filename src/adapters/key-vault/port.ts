import type { KeyObject } from 'node:crypto';

/** So long at most a process goes on using a key that another one may have destroyed, in ms. */
export const KEYS_KEPT_MS = 5_000;

/** Whose key, for what: a conversation (`thread_…`), or the stream that belongs to none. */
export interface KeyScope {
  readonly subject: string;
  readonly scope: string;
}

export interface VaultKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

export type KeyResult = { readonly ok: true; readonly key: VaultKey } | { readonly ok: false; readonly code: 'Destroyed' | 'Absent' };

/** The vault cannot be read or written for the moment (a full disk): repeating is safe. The message is one sentence that says what to do. */
export class VaultUnavailable extends Error {
  override readonly name = 'VaultUnavailable';
  readonly code = 'StoreUnavailable';
}

/** Data keys, wrapped by the master key, in a place of their own. A destroyed key never comes back; an absent one is not a destroyed one. */
export interface KeyVault {
  /** The scope's key, made and durably stored first when there is none; `Destroyed` when the subject or the scope has been destroyed. */
  getOrCreate(scope: KeyScope): Promise<KeyResult>;
  get(keyId: string): Promise<KeyResult>;
  /** Lasting, also for what never had a key. Durable when it resolves. */
  destroyScope(scope: string): Promise<void>;
  destroySubject(subject: string): Promise<void>;
  isDestroyed(scope: KeyScope): Promise<boolean>;
  /** Up to where erasures in the log have been applied here, in the words of whoever applies them; empty at first. */
  mark(): Promise<string>;
  setMark(mark: string): Promise<void>;
  /** Drops cached keys: another process destroyed something. */
  forget(): void;
  close(): Promise<void>;
}
