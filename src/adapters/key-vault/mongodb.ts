import { createSecretKey, type KeyObject } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { MongoConnection } from '../mongo/connection.ts';
import { createKeyCache } from './key-cache.ts';
import { openVaultRows, type StoredKey, type VaultRows } from './mongodb-rows.ts';
import type { KeyResult, KeyScope, KeyVault } from './port.ts';
import { WrongMasterKey } from './sqlite.ts';
import { makeCheck, newKeyId, newWrappedKey, passesCheck, unwrapKey } from './wrapping.ts';

export interface MongoKeyVaultOptions {
  readonly connection: MongoConnection;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  /** Milliseconds that only ever grow; ages the cache of unwrapped keys. */
  readonly monotonic?: () => number;
}

const DESTROYED: KeyResult = { ok: false, code: 'Destroyed' };
const ABSENT: KeyResult = { ok: false, code: 'Absent' };

/**
 * Opens, or makes, the vault in the database. Throws `WrongMasterKey`, and `StoreUnavailable` when the server is away, as all its methods do. Closing
 * leaves the connection open.
 *
 * Destroying takes the wrapped bytes out of their row at once, on a majority. It cannot take them out of the server's older pages, journal, oplog and
 * backups, where they stand until the server overwrites them: there only the master key protects them, which is never in the database. Who must be
 * sure gives up the master key's copies too, or waits for as long as the oplog and the backups reach back.
 */
export async function openMongoKeyVault({ connection, masterKey, monotonic = () => performance.now() }: MongoKeyVaultOptions): Promise<KeyVault> {
  const master = masterOf(masterKey);
  const { reach } = connection;
  const rows = await reach(() => openCheckedRows(connection, master));
  const cache = createKeyCache(monotonic);

  // A key that is there before it is destroyed is erased by whoever destroys it, one that came too late by whoever finds it.
  async function resultOf(stored: StoredKey | undefined): Promise<KeyResult> {
    if (stored === undefined) return ABSENT;
    if (stored.wrapped === undefined) return DESTROYED;
    if (await rows.isDestroyed(stored)) {
      await rows.eraseKey(stored.keyId);
      return DESTROYED;
    }
    const key = unwrapKey(master, ownerOf(stored), stored.wrapped);
    return key ? { ok: true, key: { keyId: stored.keyId, key } } : ABSENT;
  }

  async function getOrCreate({ subject, scope }: KeyScope): Promise<KeyResult> {
    const [there, gone] = await Promise.all([rows.byScope({ subject, scope }), rows.isDestroyed({ subject, scope })]);
    if (there) return resultOf(there);
    if (gone) return DESTROYED;
    const keyId = newKeyId();
    return resultOf(await rows.insertOrRead({ keyId, subject, scope, wrapped: newWrappedKey(master, ownerOf({ keyId, subject, scope })) }));
  }

  async function destroy(kind: 'scope' | 'subject', name: string): Promise<void> {
    cache.clear();
    await reach(() => rows.destroy(kind, name));
    cache.clear();
  }

  return {
    getOrCreate: (scope) => cache.ofScope(scope, () => reach(() => getOrCreate(scope))),
    get: (keyId) => cache.ofId(keyId, () => reach(async () => resultOf(await rows.byId(keyId)))),
    destroyScope: (scope) => destroy('scope', scope),
    destroySubject: (subject) => destroy('subject', subject),
    isDestroyed: (scope) => reach(() => rows.isDestroyed(scope)),
    mark: () => reach(() => rows.text('mark')),
    setMark: (mark) => reach(() => rows.setText('mark', mark)),
    forget: () => cache.clear(),
    close: async () => cache.clear(),
  };
}

/** The vault's rows, made with this master key or being made now. Throws `WrongMasterKey`. */
export async function openCheckedRows(connection: MongoConnection, master: KeyObject): Promise<VaultRows> {
  const rows = await openVaultRows(connection);
  const check = await rows.putUnlessThere('check', makeCheck(master));
  if (!passesCheck(master, check)) throw new WrongMasterKey('The key vault in the database');
  if ((await rows.bytesOf(REWRAPPING)) !== undefined) throw new HalfRewrapped();
  return rows;
}

/** The row that stands there while the keys are being wrapped by another master key. */
export const REWRAPPING = 'rewrapping';

/** Some keys are under the former master key, some under the new one. */
export class HalfRewrapped extends Error {
  readonly code = 'HalfRewrapped';
  constructor() {
    super('The change to another master key is half done: repeat `annals keys rewrap` with the same two keys, then start.');
    this.name = 'HalfRewrapped';
  }
}

export function masterOf(masterKey: Uint8Array): KeyObject {
  if (masterKey.length !== 32) throw new TypeError('A master key has exactly 32 bytes.');
  return createSecretKey(masterKey);
}

const ownerOf = ({ keyId, subject, scope }: Omit<StoredKey, 'wrapped'>): string => JSON.stringify([keyId, subject, scope]);
