import { expect, test } from 'vitest';
import { createArgon2 } from '../../../src/adapters/password-hash/argon2.ts';
import { HashingBusy } from '../../../src/adapters/password-hash/port.ts';

const hashes = createArgon2();
const PASSWORD = 'nine purple bicycles';

test('a hash is argon2id with 19 MiB, two passes and one lane, has a salt of its own, and fits its password alone', async () => {
  const [one, two] = [await hashes.hash(PASSWORD), await hashes.hash(PASSWORD)];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
  expect([await hashes.verify(one, PASSWORD), await hashes.verify(one, `${PASSWORD} `), await hashes.verify(one, '')]).toEqual([true, false, false]);
});

test('against no hash, or one that is none, nothing is right, and nothing is thrown', async () => {
  expect([await hashes.verify(undefined, PASSWORD), await hashes.verify('', PASSWORD), await hashes.verify('$argon2id$', PASSWORD)]).toEqual([
    false,
    false,
    false,
  ]);
});

test('more work than can wait is refused at once, and what waited is done', async () => {
  const busy = createArgon2();
  const all = await Promise.allSettled(Array.from({ length: 110 }, () => busy.verify(undefined, PASSWORD)));
  const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused).toHaveLength(8);
  for (const { reason } of refused) expect(reason).toBeInstanceOf(HashingBusy);
  expect(await busy.verify(await busy.hash(PASSWORD), PASSWORD)).toBe(true);
});
