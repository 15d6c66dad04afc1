import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createKeyCache } from './key-cache.ts';
import type { KeyResult, KeyVault } from './port.ts';
import type { VaultReply, WrappedKey } from './vault-database.ts';
import { startVaultWorker } from './vault-worker.ts';
import { makeCheck, newKeyId, newWrappedKey, passesCheck, unwrapKey } from './wrapping.ts';

/** The vault was made with another master key than the given one. */
export class WrongMasterKey extends Error {
  readonly code = 'WrongMasterKey';
  constructor(file: string) {
    super(`${file} was made with another master key: start with the key it was made with, or restore the file and its key from the same backup.`);
    this.name = 'WrongMasterKey';
  }
}

export interface SqliteKeyVaultOptions {
  readonly folder: string;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  /** Milliseconds that only ever grow; ages the cache of unwrapped keys. */
  readonly monotonic?: () => number;
}

const fileIn = (folder: string) => join(folder, 'keys.db');

/** False for a folder without a vault: opening it then would make an empty one, under which an older log cannot be read. */
export const vaultExists = (folder: string): boolean => existsSync(fileIn(folder));

/** Opens, or makes, the vault `keys.db` in the folder, written by a thread of its own. Throws `WrongMasterKey`, and whatever opening the file throws. */
export async function openSqliteKeyVault({ folder, masterKey, monotonic = () => performance.now() }: SqliteKeyVaultOptions): Promise<KeyVault> {
  if (masterKey.length !== 32) throw new TypeError('A master key has exactly 32 bytes.');
  const master = createSecretKey(masterKey);
  const worker = await startVaultWorker({ file: fileIn(folder), check: makeCheck(master) });
  if (!passesCheck(master, worker.check)) {
    await worker.close();
    throw new WrongMasterKey(fileIn(folder));
  }
  const cache = createKeyCache(monotonic);

  async function destroy(op: 'destroyScope' | 'destroySubject', name: string): Promise<void> {
    cache.clear();
    await worker.ask({ op, name });
  }

  return {
    getOrCreate: ({ subject, scope }) =>
      cache.ofScope({ subject, scope }, async () => {
        const keyId = newKeyId();
        const wrapped = newWrappedKey(master, ownerOf({ keyId, subject, scope }));
        return keyResult(master, await worker.ask({ op: 'getOrCreate', subject, scope, keyId, wrapped }));
      }),
    get: (keyId) => cache.ofId(keyId, async () => keyResult(master, await worker.ask({ op: 'get', keyId }))),
    destroyScope: (scope) => destroy('destroyScope', scope),
    destroySubject: (subject) => destroy('destroySubject', subject),
    isDestroyed: async ({ subject, scope }) => (await worker.ask({ op: 'isDestroyed', subject, scope })).state === 'destroyed',
    mark: async () => {
      const reply = await worker.ask({ op: 'mark' });
      return reply.state === 'value' ? reply.value : '';
    },
    setMark: async (position) => {
      await worker.ask({ op: 'setMark', position });
    },
    forget: () => cache.clear(),
    close: () => {
      cache.clear();
      return worker.close();
    },
  };
}

const ownerOf = ({ keyId, subject, scope }: Omit<WrappedKey, 'wrapped'>) => JSON.stringify([keyId, subject, scope]);

function keyResult(master: KeyObject, reply: VaultReply): KeyResult {
  if (reply.state === 'destroyed') return { ok: false, code: 'Destroyed' };
  if (reply.state !== 'key') return { ok: false, code: 'Absent' };
  const key = unwrapKey(master, ownerOf(reply.key), reply.key.wrapped);
  return key ? { ok: true, key: { keyId: reply.key.keyId, key } } : { ok: false, code: 'Absent' };
}
