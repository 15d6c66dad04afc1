import { createSecretKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type Rewrapped, rewrapKey } from './rewrap.ts';
import { WrongMasterKey } from './sqlite.ts';
import { makeCheck, passesCheck } from './wrapping.ts';

const Key = z.object({ number: z.number(), keyId: z.string(), subject: z.string(), scope: z.string(), wrapped: z.instanceof(Uint8Array) });
const Check = z.object({ value: z.instanceof(Uint8Array) });

export interface SqliteRewrapOptions {
  readonly folder: string;
  /** Master keys that the vault may have, 32 bytes each. */
  readonly from: readonly Uint8Array[];
  readonly to: Uint8Array;
  /** Called before each key is written. */
  readonly onKey?: (done: number) => void;
}

/**
 * Wraps every data key of the folder's vault by another master key, in one transaction: whatever ends it, either all are or none is. Rows keep their
 * places and lengths, and the former bytes are overwritten. Nobody else may use the vault meanwhile. Throws `WrongMasterKey` when it has none of `from`,
 * and is not under `to` already.
 */
export function rewrapSqliteVault({ folder, from, to: toBytes, onKey = () => undefined }: SqliteRewrapOptions): Rewrapped {
  const file = join(folder, 'keys.db');
  const to = createSecretKey(toBytes);
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; BEGIN IMMEDIATE');
    const { value: check } = Check.parse(database.prepare("SELECT value FROM vault WHERE name = 'check'").get());
    const master = [toBytes, ...from].map((bytes) => createSecretKey(bytes)).find((key) => passesCheck(key, check));
    if (!master) throw new WrongMasterKey(file);
    const done = rewrapRows(database, master, to, onKey);
    database.prepare("UPDATE vault SET value = ? WHERE name = 'check'").run(makeCheck(to));
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    return done;
  } finally {
    database.close();
  }
}

function rewrapRows(database: DatabaseSync, from: KeyObject, to: KeyObject, onKey: (done: number) => void): Rewrapped {
  const page = database.prepare(
    'SELECT number, key_id AS keyId, subject, scope, wrapped FROM keys WHERE number > ? AND wrapped <> zeroblob(length(wrapped)) ORDER BY number LIMIT 1000',
  );
  const write = database.prepare('UPDATE keys SET wrapped = ? WHERE number = ?');
  let keys = 0;
  let unreadable = 0;
  for (let last = 0, rows = page.all(last); rows.length > 0; rows = page.all(last)) {
    for (const row of rows) {
      const { number, wrapped, ...key } = Key.parse(row);
      last = number;
      onKey(keys);
      const rewrapped = rewrapKey(from, to, key, wrapped);
      if (rewrapped.state === 'unreadable') unreadable += 1;
      else keys += 1;
      if (rewrapped.state === 'rewrapped') write.run(rewrapped.wrapped, number);
    }
  }
  return { keys, unreadable };
}
