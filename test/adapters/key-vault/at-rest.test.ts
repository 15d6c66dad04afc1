import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { encrypt } from '../../../src/adapters/key-vault/aes-gcm.ts';

const MANY = 1_000_000;
const NONCE = 12;

test('A70: in a million encryptions under one key no nonce comes twice', { timeout: 300_000 }, () => {
  const key = createSecretKey(randomBytes(32));
  // As numbers of 96 bits, sorted: a set of a million texts needs ten times as much memory.
  const nonces = Buffer.alloc(MANY * NONCE);
  for (let at = 0; at < MANY; at++) encrypt(key, '', '').copy(nonces, at * NONCE, 0, NONCE);
  const firsts = new BigUint64Array(MANY);
  for (let at = 0; at < MANY; at++) firsts[at] = nonces.readBigUInt64LE(at * NONCE);
  firsts.sort();
  const sameBeginnings = firsts.filter((first, at) => at > 0 && first === firsts[at - 1]);
  expect(sameBeginnings, 'not even the first 64 of the 96 bits').toHaveLength(0);
});
