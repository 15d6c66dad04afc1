import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMasterKey, loadSecret } from '../../../src/adapters/key-vault/master-key.ts';

const thirtyTwoBytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const bytesOf = (loaded: ReturnType<typeof loadSecret>) => (loaded.ok ? loaded.key.toString('hex') : loaded.code);

describe('the master key', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annals-master-'));
    file = join(folder, 'master.key');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('comes from a setting of 32 bytes in either base64, padded or not, and leaves the folder alone', () => {
    fc.assert(
      fc.property(thirtyTwoBytes, (key) => {
        for (const text of [key.toString('base64'), key.toString('base64url'), `${key.toString('base64url')}=`, ` ${key.toString('base64')}\n`]) {
          expect(bytesOf(loadMasterKey({ folder, fromSetting: text }))).toBe(key.toString('hex'));
        }
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses any other setting and says how to make one, without repeating it', () => {
    const others = [
      randomBytes(31).toString('base64'),
      randomBytes(33).toString('base64'),
      randomBytes(32).toString('hex'),
      'secret',
      '!'.repeat(44),
    ];
    const good = Buffer.alloc(32, 1).toString('base64');
    for (const setting of [...others, `${good} ${good}`, `*${good}`, `${good.slice(0, 42)}R=`]) {
      const loaded = loadMasterKey({ folder, fromSetting: setting });
      expect(loaded).toMatchObject({ ok: false, code: 'InvalidSetting', message: expect.stringContaining('openssl rand -base64 32') });
      expect(JSON.stringify(loaded)).not.toContain(setting);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is made on the first start, readable by its owner only, and the same on every later one', () => {
    const made = loadMasterKey({ folder: join(folder, 'new', 'data'), fromSetting: '' });
    expect(bytesOf(made)).toMatch(/^[0-9a-f]{64}$/);
    expect(bytesOf(loadMasterKey({ folder: join(folder, 'new', 'data'), fromSetting: '  ' }))).toBe(bytesOf(made));
    expect(bytesOf(loadMasterKey({ folder: join(folder, 'new', 'data') }))).toBe(bytesOf(made));
    expect(readdirSync(join(folder, 'new', 'data'))).toEqual(['master.key']);
    expect(statSync(join(folder, 'new', 'data', 'master.key')).mode & 0o777).toBe(0o600);
    expect(bytesOf(loadMasterKey({ folder }))).not.toBe(bytesOf(made));
  });

  it.each([0o640, 0o604, 0o660, 0o622])('is refused when its mode is %o, with the way out', (mode) => {
    const made = loadMasterKey({ folder });
    chmodSync(file, mode);
    const message = `${file} is a secret that other users may read: run \`chmod 600 ${file}\`.`;
    expect(loadMasterKey({ folder })).toEqual({ ok: false, code: 'ReadableByOthers', message });
    chmodSync(file, 0o600);
    expect(loadMasterKey({ folder })).toEqual(made);
  });

  it('is never replaced when its file is empty or damaged', () => {
    for (const content of ['', 'damaged', randomBytes(31).toString('base64')]) {
      writeFileSync(file, content, { mode: 0o600 });
      expect(loadMasterKey({ folder })).toMatchObject({ ok: false, code: 'InvalidFile', message: expect.stringContaining(file) });
      expect(readFileSync(file, 'utf8')).toBe(content);
    }
  });

  it('says so when the file can be neither read nor made', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(loadMasterKey({ folder: join(folder, 'file') })).toMatchObject({ ok: false, code: 'Inaccessible' });
  });

  it('shares its ways with every other secret, each of its own', () => {
    const secret = loadSecret(join(folder, 'installation.secret'));
    expect(bytesOf(secret)).toMatch(/^[0-9a-f]{64}$/);
    expect(loadSecret(join(folder, 'installation.secret'))).toEqual(secret);
    expect(bytesOf(loadMasterKey({ folder }))).not.toBe(bytesOf(secret));
  });
});
