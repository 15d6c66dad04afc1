import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rewrapSqliteVault } from '../../../src/adapters/key-vault/rewrap-sqlite.ts';
import { openSqliteKeyVault } from '../../../src/adapters/key-vault/sqlite.ts';
import { vaultDifferences } from '../../../src/adapters/key-vault/vault-content.ts';
import { readSqliteVault, writeSqliteVault } from '../../../src/adapters/key-vault/vault-content-sqlite.ts';

const [before, after, other] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'annals-rewrap-'));
  folders.push(folder);
  return folder;
};
let folder = '';
/** As it was at first. */
let original = '';
const KEYS = 30;

beforeEach(async () => {
  folder = newFolder();
  const vault = await openSqliteKeyVault({ folder, masterKey: before });
  for (let index = 0; index < KEYS; index += 1) await vault.getOrCreate({ subject: `person_${index % 3}`, scope: `thread_${index}` });
  await vault.destroyScope('thread_7');
  await vault.destroySubject('person_never');
  await vault.setMark('epoch.1');
  await vault.close();
  original = newFolder();
  cpSync(folder, original, { recursive: true });
});
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

const differences = (): string[] => vaultDifferences(readSqliteVault(original, [before], false), readSqliteVault(folder, [after], false));

test('every data key is the same under the new master key, and what is destroyed stays destroyed', async () => {
  expect(rewrapSqliteVault({ folder, from: [before], to: after })).toEqual({ keys: KEYS - 1, unreadable: 0 });
  expect(differences()).toEqual([]);
  await expect(openSqliteKeyVault({ folder, masterKey: before })).rejects.toMatchObject({ code: 'WrongMasterKey' });
  const vault = await openSqliteKeyVault({ folder, masterKey: after });
  expect(await vault.getOrCreate({ subject: 'person_1', scope: 'thread_7' })).toEqual({ ok: false, code: 'Destroyed' });
  expect(await vault.mark()).toBe('epoch.1');
  await vault.close();
});

test('nothing that the former master key opens is left in the files', () => {
  const database = new DatabaseSync(join(folder, 'keys.db'));
  const wrapped = database
    .prepare('SELECT wrapped FROM keys WHERE wrapped <> zeroblob(length(wrapped))')
    .all()
    .map((row) => Buffer.from(row.wrapped as Uint8Array));
  database.close();
  const found = (): number => {
    const bytes = readFileSync(join(folder, 'keys.db'));
    return wrapped.filter((each) => bytes.includes(each)).length;
  };
  expect(found()).toBe(KEYS - 1);
  rewrapSqliteVault({ folder, from: [before], to: after });
  expect(found()).toBe(0);
});

test('ended before any key, it has changed nothing, and repeated it is done', () => {
  for (let at = 0; at < KEYS - 1; at += 1) {
    const dies = (done: number): void => {
      if (done === at) throw new Error('killed');
    };
    expect(() => rewrapSqliteVault({ folder, from: [before], to: after, onKey: dies })).toThrow('killed');
    expect(vaultDifferences(readSqliteVault(original, [before], false), readSqliteVault(folder, [before], false))).toEqual([]);
  }
  for (let time = 0; time < 2; time += 1) rewrapSqliteVault({ folder, from: [before], to: after });
  expect(differences()).toEqual([]);
});

test('with a key that is not its own it is refused, and stays as it is', () => {
  const bytes = readFileSync(join(folder, 'keys.db'));
  expect(() => rewrapSqliteVault({ folder, from: [other], to: after })).toThrow('another master key');
  expect(readFileSync(join(folder, 'keys.db')).equals(bytes)).toBe(true);
});

test('a key that opens with neither stays as it is, and is counted', () => {
  const content = readSqliteVault(folder, [before], false);
  const damaged = newFolder();
  const keys = content.keys.map((key, index) => (index === 3 ? { ...key, wrapped: new Uint8Array(randomBytes(60)) } : key));
  writeSqliteVault(damaged, { keys, destroyed: content.destroyed }, content.master);
  expect(rewrapSqliteVault({ folder: damaged, from: [before], to: after })).toEqual({ keys: KEYS - 2, unreadable: 1 });
  const there = readSqliteVault(damaged, [after], false).keys.find(({ keyId }) => keyId === keys[3]?.keyId);
  expect(Buffer.from(there?.wrapped ?? []).equals(Buffer.from(keys[3]?.wrapped ?? []))).toBe(true);
});
