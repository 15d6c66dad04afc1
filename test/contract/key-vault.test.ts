import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { openSqliteKeyVault } from '../../src/adapters/key-vault/sqlite.ts';
import { describeKeyVaults, type OpenedKeyVault } from './key-vault.ts';

async function openSqlite(): Promise<OpenedKeyVault> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-vault-'));
  const masterKey = randomBytes(32);
  const vault = await openSqliteKeyVault({ folder, masterKey });
  let current = vault;
  return {
    vault,
    reopen: async () => {
      await current.close();
      current = await openSqliteKeyVault({ folder, masterKey });
      return current;
    },
    remove: async () => {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeKeyVaults([
  { name: 'in memory', open: async () => ({ vault: createMemoryKeyVault(), remove: async () => {} }) },
  { name: 'in SQLite', open: openSqlite },
]);
