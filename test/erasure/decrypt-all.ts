import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { decrypt } from '../../src/adapters/key-vault/aes-gcm.ts';
import { loadSecret } from '../../src/adapters/key-vault/master-key.ts';
import { readSqliteVault } from '../../src/adapters/key-vault/vault-content-sqlite.ts';
import { unwrapKey } from '../../src/adapters/key-vault/wrapping.ts';
import { filesOf } from '../e2e/process/processes.ts';

interface Usable {
  readonly subject: string;
  readonly key: KeyObject;
}

/**
 * What somebody with the master key and a copy of the whole folder can read: every sealed value anywhere in its databases, every blob and every secret of
 * a key, opened with whatever key can be unwrapped. Answers the texts.
 */
export function decryptAll(folder: string): string[] {
  const usable = usableKeys(folder);
  const blobs = existsSync(join(folder, 'blobs'))
    ? new Map(filesOf(join(folder, 'blobs')).map((file) => [basename(file), file]))
    : new Map<string, string>();
  const texts: string[] = [];
  const open = (k: unknown, a: string, bytes: Uint8Array): void => {
    const found = usable.get(String(k));
    const plain = found && decrypt(found.key, a, bytes);
    if (!plain) return;
    texts.push(plain.toString(), plain.toString('utf16le'), plain.subarray(1).toString('utf16le'));
    // A secret is encrypted once more within its event, and stands there as `<key>.<ciphertext>`.
    for (const [, field = '', inner = '', c = ''] of plain.toString().matchAll(/"(\w+)":"(key_[0-9a-f]{32})\.([A-Za-z0-9+/=]+)"/g))
      open(inner, JSON.stringify([usable.get(inner)?.subject, a, field]), Buffer.from(c, 'base64'));
  };
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { k, a, c, b, key, blobId } = value as Record<string, unknown>;
    const file = blobs.get(String(b)) ?? blobs.get(String(blobId));
    if (typeof a === 'string' && typeof c === 'string') open(k, a, Buffer.from(c, 'base64'));
    else if (typeof a === 'string' && file) open(k, a, readFileSync(file));
    else if (typeof blobId === 'string' && file) open(key, blobId, readFileSync(file));
    for (const each of Object.values(value)) search(each);
  };
  for (const name of ['events.db', 'views.db', 'live.db', 'state.db']) for (const json of jsonIn(join(folder, name))) search(json);
  return [...texts, ...exportsIn(blobs, usable)];
}

/** Every file of an export that opens with any key, unpacked. */
function exportsIn(blobs: ReadonlyMap<string, string>, usable: ReadonlyMap<string, Usable>): string[] {
  return [...blobs].flatMap(([name, file]) => {
    if (!name.startsWith('export_')) return [];
    const bytes = readFileSync(file);
    return [...usable.values()].flatMap(({ key }) => decrypt(key, name, bytes) ?? []).map((packed) => gunzipSync(packed).toString('latin1'));
  });
}

function usableKeys(folder: string): ReadonlyMap<string, Usable> {
  const secret = loadSecret(join(folder, 'master.key'));
  if (!secret.ok) throw new Error(secret.message);
  const { keys, master } = readSqliteVault(folder, [secret.key], true);
  return new Map(
    keys.flatMap(({ keyId, subject, scope, wrapped }) => {
      const key = wrapped && unwrapKey(master, JSON.stringify([keyId, subject, scope]), wrapped);
      return key ? [[keyId, { subject, key: createSecretKey(key.export()) }] as const] : [];
    }),
  );
}

/** The wrapped keys of a person, as they stand in the folder's vault. */
export function wrappedKeysOf(folder: string, person: string): Uint8Array[] {
  const secret = loadSecret(join(folder, 'master.key'));
  if (!secret.ok) throw new Error(secret.message);
  return readSqliteVault(folder, [secret.key], true).keys.flatMap(({ subject, wrapped }) => (subject === person && wrapped ? [wrapped] : []));
}

/** Whatever is JSON in any column of any table. */
function* jsonIn(file: string): Generator<unknown> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
    for (const { name } of tables)
      for (const row of rowsOf(database, String(name)))
        for (const value of Object.values(row)) {
          const text = value instanceof Uint8Array ? Buffer.from(value).toString() : value;
          if (typeof text === 'string' && /^[[{]/.test(text)) yield parsed(text);
        }
  } finally {
    database.close();
  }
}

function* rowsOf(database: DatabaseSync, table: string): Generator<Record<string, unknown>> {
  const statement = database.prepare(`SELECT * FROM "${table}"`);
  statement.setReadBigInts(true);
  yield* statement.iterate();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
