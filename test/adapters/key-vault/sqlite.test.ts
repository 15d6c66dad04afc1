import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyResult, KeyVault } from '../../../src/adapters/key-vault/port.ts';
import { openSqliteKeyVault, vaultExists, WrongMasterKey } from '../../../src/adapters/key-vault/sqlite.ts';

const masterKey = randomBytes(32);
const ann = { subject: 'person_ann', scope: 'thread_1' };
const DESTROYED: KeyResult = { ok: false, code: 'Destroyed' };

describe('the key vault in a file', () => {
  let folder: string;
  let vaults: KeyVault[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annals-keys-'));
    vaults = [];
  });
  afterEach(async () => {
    await Promise.all(vaults.map((vault) => vault.close()));
    rmSync(folder, { recursive: true });
  });

  async function open(options: { readonly in?: string; readonly monotonic?: () => number } = {}): Promise<KeyVault> {
    const { in: place = folder, ...rest } = options;
    const vault = await openSqliteKeyVault({ folder: place, masterKey, ...rest });
    vaults.push(vault);
    return vault;
  }

  it('tells whether there is one, and keeps it from other users', async () => {
    expect(vaultExists(folder)).toBe(false);
    await (await open()).getOrCreate(ann);
    expect(vaultExists(folder)).toBe(true);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
  });

  it('notices another master key at once, and stays as it was for its own', async () => {
    const vault = await open();
    const key = await bytesOf(vault.getOrCreate(ann));
    await vault.close();
    const attempt = openSqliteKeyVault({ folder, masterKey: randomBytes(32) });
    await expect(attempt).rejects.toThrow(WrongMasterKey);
    await expect(attempt).rejects.toThrow(join(folder, 'keys.db'));
    expect(await bytesOf((await open()).getOrCreate(ann))).toBe(key);
    await expect(openSqliteKeyVault({ folder, masterKey: randomBytes(16) })).rejects.toThrow(TypeError);
  });

  it('refuses a file that is no vault, and leaves it as it is', async () => {
    const file = join(folder, 'keys.db');
    const content = 'no database at all '.repeat(500);
    writeFileSync(file, content);
    await expect(openSqliteKeyVault({ folder, masterKey })).rejects.toThrow('not a database');
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('keeps every key that it promised when its process is killed', async () => {
    const program = fileURLToPath(new URL('./create-keys.ts', import.meta.url));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder, masterKey.toString('hex')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const promised: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (promised.push(line) === 50) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(promised.length).toBeGreaterThanOrEqual(50);
    const vault = await open();
    for (const line of promised) {
      const [keyId = '', bytes] = line.split(' ');
      expect(await bytesOf(vault.get(keyId))).toBe(bytes);
    }
  });

  it('overwrites the wrapped bytes of what is destroyed everywhere in the folder, and no others', async () => {
    const vault = await open();
    // Many keys of many subjects, made in a mixed order, so that they spread over pages that were split and filled again.
    const made = Array.from({ length: 1_500 }, (_, index) => ({ subject: `person_${(index * 7) % 40}`, scope: `thread_${(index * 611) % 1_500}` }));
    for (let start = 0; start < made.length; start += 100) {
      await Promise.all(made.slice(start, start + 100).map((scope) => vault.getOrCreate(scope)));
    }
    const rows = wrappedKeys(folder);
    expect(rows).toHaveLength(1_500);
    expect(found(folder, rows)).toHaveLength(1_500);
    for (let person = 0; person < 20; person += 1) await vault.destroySubject(`person_${person}`);
    await vault.destroyScope('thread_1499');
    const isGone = (row: WrappedRow) => Number(row.subject.slice(7)) < 20 || row.scope === 'thread_1499';
    expect(found(folder, rows.filter(isGone))).toEqual([]);
    expect(found(folder, rows)).toHaveLength(rows.filter((row) => !isGone(row)).length);
    await vault.close();
    expect(found(folder, rows.filter(isGone))).toEqual([]);
  });

  it('stores no key, not even one that nobody gets, for what was destroyed before', async () => {
    const vault = await open();
    await vault.destroyScope(ann.scope);
    await vault.destroySubject('person_bob');
    expect(await Promise.all([vault.getOrCreate(ann), vault.getOrCreate({ subject: 'person_bob', scope: 'thread_2' })])).toEqual([
      DESTROYED,
      DESTROYED,
    ]);
    expect(wrappedKeys(folder)).toEqual([]);
  });

  it('empties its log as soon as another reader lets go, and at the next start after a crash before that', async () => {
    const vault = await open();
    await vault.getOrCreate(ann);
    const rows = wrappedKeys(folder);
    const reader = new DatabaseSync(join(folder, 'keys.db'), { readOnly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM keys').get();
    await vault.destroyScope(ann.scope);
    expect(await vault.getOrCreate(ann)).toEqual(DESTROYED);
    expect(found(folder, rows)).toHaveLength(1);
    const crashed = join(folder, 'crashed');
    for (const suffix of ['', '-wal']) cpSync(join(folder, `keys.db${suffix}`), join(crashed, `keys.db${suffix}`));
    const restarted = await open({ in: crashed });
    expect(found(crashed, rows)).toEqual([]);
    expect(await restarted.getOrCreate(ann)).toEqual(DESTROYED);
    reader.close();
    await vi.waitFor(() => expect(found(folder, rows)).toEqual([]), { timeout: 10_000, interval: 50 });
  });

  it('keeps a key in memory for five seconds at most, and asks again at once when told to forget', async () => {
    let now = 0;
    const reader = await open({ monotonic: () => now });
    const other = await open();
    const key = await bytesOf(reader.getOrCreate(ann));
    await other.destroyScope(ann.scope);
    now = 4_999;
    expect(await bytesOf(reader.getOrCreate(ann))).toBe(key);
    now = 5_000;
    expect(await reader.getOrCreate(ann)).toEqual(DESTROYED);

    const second = { ...ann, scope: 'thread_2' };
    const created = await reader.getOrCreate(second);
    await other.destroySubject(ann.subject);
    expect(created.ok && (await reader.get(created.key.keyId)).ok).toBe(true);
    reader.forget();
    expect(created.ok && (await reader.get(created.key.keyId))).toEqual(DESTROYED);
  });

  it('does not keep an answer that was on its way when it was told to forget', async () => {
    const reader = await open();
    const other = await open();
    const early = reader.getOrCreate(ann);
    reader.forget();
    expect((await early).ok).toBe(true);
    await other.destroyScope(ann.scope);
    expect(await reader.getOrCreate(ann)).toEqual(DESTROYED);
  });

  it('gives two processes that make a key at once the same one', async () => {
    const [one, two] = [await open(), await open()];
    const scopes = Array.from({ length: 50 }, (_, index) => ({ ...ann, scope: `thread_${index}` }));
    const keys = await Promise.all(scopes.map(async (scope) => [await bytesOf(one.getOrCreate(scope)), await bytesOf(two.getOrCreate(scope))]));
    for (const [left, right] of keys) expect(left).toBe(right);
  });

  it('takes a row whose bytes were moved to another owner, or altered, for an absent key and puts nothing in its place', async () => {
    const vault = await open();
    const ids = [await idOf(vault, ann), await idOf(vault, { ...ann, scope: 'thread_2' }), await idOf(vault, { ...ann, scope: 'thread_3' })];
    await vault.close();
    const database = new DatabaseSync(join(folder, 'keys.db'));
    database.exec('UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE number = 3) WHERE number = 1');
    database.exec("UPDATE keys SET wrapped = x'00112233' WHERE number = 2");
    database.close();
    const again = await open();
    expect(await again.get(ids[0]!)).toEqual({ ok: false, code: 'Absent' });
    expect(await again.get(ids[1]!)).toEqual({ ok: false, code: 'Absent' });
    expect((await again.get(ids[2]!)).ok).toBe(true);
    expect(await again.getOrCreate(ann)).toEqual({ ok: false, code: 'Absent' });
  });

  it('answers what was asked before it was closed and refuses what comes after', async () => {
    const vault = await open();
    const asked = vault.getOrCreate(ann);
    const closed = vault.close();
    expect((await asked).ok).toBe(true);
    await closed;
    await expect(vault.getOrCreate(ann)).rejects.toThrow('closed');
  });
});

interface WrappedRow {
  readonly subject: string;
  readonly scope: string;
  readonly wrapped: Buffer;
}

function wrappedKeys(folder: string): WrappedRow[] {
  const database = new DatabaseSync(join(folder, 'keys.db'), { readOnly: true });
  const rows = database.prepare('SELECT subject, scope, wrapped FROM keys').all();
  database.close();
  return rows.map(({ subject, scope, wrapped }) => ({
    subject: String(subject),
    scope: String(scope),
    wrapped: Buffer.from(wrapped instanceof Uint8Array ? wrapped : []),
  }));
}

/** The rows of which any 16 bytes of the wrapped key stand somewhere in a file of the folder: its beginning, middle or end. */
function found(folder: string, rows: readonly WrappedRow[]): WrappedRow[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ name }) => readFileSync(join(folder, name)));
  return rows.filter(({ wrapped }) => [0, 22, 44].some((at) => contents.some((bytes) => bytes.includes(wrapped.subarray(at, at + 16)))));
}

async function bytesOf(asked: Promise<KeyResult>): Promise<string> {
  const result = await asked;
  return result.ok ? result.key.key.export().toString('hex') : result.code;
}

async function idOf(vault: KeyVault, scope: typeof ann): Promise<string> {
  const result = await vault.getOrCreate(scope);
  if (!result.ok) throw new Error(result.code);
  return result.key.keyId;
}
