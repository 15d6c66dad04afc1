import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteKeyVault } from '../../../src/adapters/key-vault/sqlite.ts';
import { contentOf, rewrapped, vaultDifferences } from '../../../src/adapters/key-vault/vault-content.ts';
import { readSqliteVault, writeSqliteVault } from '../../../src/adapters/key-vault/vault-content-sqlite.ts';

let folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'annals-vault-'));
  folders.push(folder);
  return folder;
};
const [masterKey, otherKey] = [randomBytes(32), randomBytes(32)];
let source = '';
let ids: readonly string[] = [];
const scopes = [
  { subject: 'person_a', scope: 'thread_1' },
  { subject: 'person_a', scope: 'thread_gone' },
  { subject: 'person_gone', scope: 'thread_2' },
] as const;

beforeEach(async () => {
  source = newFolder();
  const vault = await openSqliteKeyVault({ folder: source, masterKey });
  const made = await Promise.all(scopes.map((scope) => vault.getOrCreate(scope)));
  ids = made.map((result) => (result.ok ? result.key.keyId : ''));
  await vault.destroyScope('thread_gone');
  await vault.destroyScope('thread_never');
  await vault.destroySubject('person_gone');
  await vault.setMark('epoch.1');
  await vault.close();
});
afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  folders = [];
});

test.each([
  ['the same', masterKey],
  ['another', otherKey],
])('a vault is the same in another place under %s master key: its keys, what is destroyed, and no mark', async (_which, targetKey) => {
  const target = newFolder();
  const content = readSqliteVault(source, [otherKey, masterKey], true);
  const master = createSecretKey(targetKey);
  for (let time = 0; time < 2; time++) writeSqliteVault(target, rewrapped(content, master), master);
  expect(vaultDifferences(content, readSqliteVault(target, [targetKey], false))).toEqual([]);
  const [before, after] = await Promise.all([
    openSqliteKeyVault({ folder: source, masterKey }),
    openSqliteKeyVault({ folder: target, masterKey: targetKey }),
  ]);
  const [open = '', ...gone] = ids;
  const [one, two] = [await before.get(open), await after.get(open)];
  expect(one.ok && two.ok && one.key.key.equals(two.key.key)).toBe(true);
  for (const id of gone) expect(await after.get(id)).toEqual({ ok: false, code: 'Destroyed' });
  expect(await after.get('key_never')).toEqual({ ok: false, code: 'Absent' });
  expect(await after.isDestroyed({ subject: 'person_x', scope: 'thread_never' })).toBe(true);
  expect([await before.mark(), await after.mark()]).toEqual(['epoch.1', '']);
  await Promise.all([before.close(), after.close()]);
});

test('reading a vault leaves its file as it is, and nobody else reads it', () => {
  const file = readFileSync(join(source, 'keys.db'));
  expect(() => readSqliteVault(source, [otherKey], true)).toThrow(/another master key/);
  readSqliteVault(source, [masterKey], true);
  expect(readFileSync(join(source, 'keys.db')).equals(file)).toBe(true);
});

test('what was destroyed has no bytes in a copy, even where its row still has them', () => {
  const key = { keyId: 'key_1', subject: 'person_a', scope: 'thread_1', wrapped: randomBytes(60) };
  const open = { ...key, keyId: 'key_2', scope: 'thread_2' };
  expect(contentOf([key, open], [{ kind: 'scope', name: 'thread_1' }]).keys).toEqual([{ ...key, wrapped: undefined }, open]);
  expect(contentOf([key, open], [{ kind: 'subject', name: 'person_a' }]).keys.map(({ wrapped }) => wrapped)).toEqual([undefined, undefined]);
});

test('a comparison shows a key that is missing, one that is another, one too many, and a destruction that is not known', () => {
  const content = readSqliteVault(source, [masterKey], true);
  const [first, ...others] = content.keys;
  if (!first) throw new Error('There is no key.');
  expect(vaultDifferences(content, { ...content, keys: others })).toEqual([`key ${first.keyId} is not the same`]);
  expect(vaultDifferences({ ...content, keys: others }, content)).toEqual([`key ${first.keyId} is only in the target`]);
  const stranger = rewrapped(content, createSecretKey(otherKey));
  expect(vaultDifferences(content, { ...stranger, master: content.master })).toEqual([`key ${first.keyId} is not the same`]);
  expect(vaultDifferences(content, { ...content, keys: [{ ...first, wrapped: undefined }, ...others] })).toEqual([
    `key ${first.keyId} is not the same`,
  ]);
  expect(vaultDifferences(content, { ...content, destroyed: [] })).toHaveLength(3);
});
