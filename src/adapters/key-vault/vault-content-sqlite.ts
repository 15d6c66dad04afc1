import { createSecretKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { WrongMasterKey } from './sqlite.ts';
import { contentOf, type OpenVault, type VaultContent } from './vault-content.ts';
import { openVaultDatabase, type VaultRequest } from './vault-database.ts';
import { faultOf } from './vault-faults.ts';
import { makeCheck, passesCheck } from './wrapping.ts';

const Key = z.object({ keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: z.instanceof(Uint8Array), gone: z.number() });
const Destroyed = z.object({ kind: z.enum(['scope', 'subject']), name: z.string() });
const Check = z.object({ value: z.instanceof(Uint8Array) });

/** So long as nobody's key is; all of it are zeros. */
const DESTROYED_BYTES = 60;

const fileIn = (folder: string): string => join(folder, 'keys.db');

/**
 * Reads the whole vault of the folder with the first of the master keys that it was made with. `readOnly` changes nothing in the folder of another, but
 * may leave SQLite's empty side files there. Throws `WrongMasterKey`.
 */
export function readSqliteVault(folder: string, masterKeys: readonly Uint8Array[], readOnly: boolean): OpenVault {
  const file = fileIn(folder);
  return reading(file, readOnly, (database) => {
    const { value: check } = Check.parse(database.prepare("SELECT value FROM vault WHERE name = 'check'").get());
    const master = masterKeys.map((bytes) => createSecretKey(bytes)).find((one) => passesCheck(one, check));
    if (!master) throw new WrongMasterKey(file);
    const keys = database
      .prepare('SELECT key_id AS keyId, subject, scope, wrapped, wrapped = zeroblob(length(wrapped)) AS gone FROM keys ORDER BY number')
      .all()
      .map((row) => Key.parse(row))
      .map(({ gone, wrapped, ...key }) => ({ ...key, wrapped: gone === 1 ? undefined : wrapped }));
    const destroyed = database
      .prepare('SELECT kind, name FROM destroyed')
      .all()
      .map((row) => Destroyed.parse(row));
    return { ...contentOf(keys, destroyed), master };
  });
}

/** Puts all of it into the vault of the folder, made first where there is none, in one transaction. Throws `WrongMasterKey`. */
export function writeSqliteVault(folder: string, { keys, destroyed }: VaultContent, master: KeyObject): void {
  const file = fileIn(folder);
  const database = openVaultDatabase(file, makeCheck(master));
  try {
    if (!passesCheck(master, database.check)) throw new WrongMasterKey(file);
    // Keys first, the destroyed ones too: an id that is destroyed is another thing than one that never was.
    const requests: VaultRequest[] = [
      ...keys.map(({ wrapped, ...key }) => ({ op: 'getOrCreate' as const, ...key, wrapped: wrapped ?? new Uint8Array(DESTROYED_BYTES) })),
      ...destroyed.map(({ kind, name }) => ({ op: kind === 'scope' ? ('destroyScope' as const) : ('destroySubject' as const), name })),
    ];
    database.commit(requests);
    database.truncateLog();
  } finally {
    database.close();
  }
}

function reading<Result>(file: string, readOnly: boolean, read: (database: DatabaseSync) => Result): Result {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly, timeout: 5000 });
    return read(database);
  } catch (error) {
    if (error instanceof WrongMasterKey) throw error;
    throw new Error(faultOf(file, error).message, { cause: error });
  } finally {
    database?.close();
  }
}
