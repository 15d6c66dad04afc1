/** Passwords as hashes that take time and memory to guess. */
export interface PasswordHashes {
  /** A text that says how it was made, with a salt of its own. */
  hash(password: string): Promise<string>;
  /** Against no hash, as of an unknown account, it does the same work and answers false. Never throws for a hash that is none. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

/** More work waits already than can be done in a while: repeating later is safe. */
export class HashingBusy extends Error {
  override readonly name = 'HashingBusy';
  readonly code = 'StoreUnavailable';
}
