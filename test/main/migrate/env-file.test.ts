import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAddress } from '../../../src/main/migrate/address.ts';
import { requireFitting, writeEnvFile } from '../../../src/main/migrate/env-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'annals-env-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is written is read back to the letter, by its owner alone', () => {
  const value = fc.string({ unit: fc.constantFrom(...'abc019:/@?&=#$ "\'\\+%') }).filter((text) => text.trim() === text && text !== '');
  fc.assert(
    fc.property(value, value, (one, other) => {
      const file = join(folder, 'annals.env');
      rmSync(file, { force: true });
      writeEnvFile(file, { EVENTSTORE_URL: one }, { ANNALS_JWT_SECRET: other });
      expect(parseEnv(readFileSync(file, 'utf8'))).toEqual({ EVENTSTORE_URL: one, ANNALS_JWT_SECRET: other });
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }),
  );
});

test('a file that says the same stays as it is, with what else it says; one that says something else is never touched', () => {
  const file = join(folder, 'annals.env');
  writeEnvFile(file, { MONGODB_URL: 'mongodb://one' }, { ANNALS_JWT_SECRET: 'first' });
  writeEnvFile(file, { MONGODB_URL: 'mongodb://one' }, { ANNALS_JWT_SECRET: 'second' });
  expect(parseEnv(readFileSync(file, 'utf8'))).toEqual({ MONGODB_URL: 'mongodb://one', ANNALS_JWT_SECRET: 'first' });
  writeFileSync(file, 'MONGODB_URL=mongodb://another\n');
  expect(() => requireFitting(file, { MONGODB_URL: 'mongodb://one' })).toThrow(/another MONGODB_URL or none/);
  expect(() => writeEnvFile(file, { MONGODB_URL: 'mongodb://one' }, {})).toThrow(/another MONGODB_URL or none/);
  expect(readFileSync(file, 'utf8')).toBe('MONGODB_URL=mongodb://another\n');
});

test('a file that could not be made is refused before anything else is done', () => {
  expect(() => requireFitting(join(folder, 'none', 'annals.env'), {})).toThrow(/cannot be made here/);
});

test('an address names a folder or an event store, and nothing else', () => {
  expect(parseAddress('--from', 'sqlite:./data')).toEqual({ folder: './data' });
  expect(parseAddress('--from', 'sqlite:/var/lib/annals')).toEqual({ folder: '/var/lib/annals' });
  expect(parseAddress('--from', 'sqlite:///var/lib/annals')).toEqual({ folder: '/var/lib/annals' });
  for (const url of ['esdb://localhost:2113?tls=false', 'esdb+discover://user:password@cluster:2113'])
    expect(parseAddress('--to', url)).toEqual({ eventStoreUrl: url });
  for (const nonsense of ['', 'sqlite:', './data', 'mongodb://localhost', 'esdb://'])
    expect(() => parseAddress('--to', nonsense)).toThrow(/--to is a data folder/);
});
