import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import { encrypt } from '../../src/adapters/key-vault/aes-gcm.ts';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { createSealer } from '../../src/adapters/key-vault/sealer.ts';
import { hiddenScope, hide, reveal } from '../../src/commands/hidden.ts';

const vault = createMemoryKeyVault();
const sealer = createSealer({ vault, blobs: createMemoryBlobs() });
const place = { subject: 'person_ann', eventId: 'event-1', field: 'apiKey' };
const text = 'sk-a-key-of-some-length';

const hiddenAt = async ({ subject, eventId, field }: typeof place, value = text): Promise<string> =>
  String((await hide(sealer, { subject, eventId }, { [field]: value, beside: 1 }, [field]))[field]);

describe('a hidden text', () => {
  test('comes out at its place as it went in, whatever it is', () =>
    fc.assert(
      fc.asyncProperty(fc.string(), async (value) => {
        expect(await reveal(sealer, place, await hiddenAt(place, value))).toBe(value);
      }),
    ));

  test('is a ciphertext for whoever opens what it stands in, and what stands beside it stays', async () => {
    const content = await hide(sealer, place, { apiKey: text, description: 'mine' }, ['apiKey']);
    expect(JSON.stringify(content)).not.toContain(text);
    expect(content.description).toBe('mine');
    const sealed = await sealer.seal({ subject: 'person_ann', scope: 'keyring-person_ann' }, 'event-1', content);
    expect(await sealer.open(sealed, 'event-1')).toEqual(content);
    for (const value of [{ sealed }, { sealed: content }] as object[]) expect(await sealer.openDeep<object>(value)).toEqual({ sealed: content });
  });

  test.each([
    ['owner', { ...place, subject: 'person_bob' }],
    ['field', { ...place, field: 'other' }],
    ['event', { ...place, eventId: 'event-2' }],
  ])('does not open for another %s, under its own key or the other one’s', async (_which, other) => {
    const [mine, theirs] = [await hiddenAt(place), await hiddenAt(other, 'another secret')];
    expect(await reveal(sealer, other, mine)).toBe('[unreadable]');
    expect(await reveal(sealer, place, theirs)).toBe('[unreadable]');
    const [myKey = '', mySecret = ''] = mine.split('.');
    const [theirKey = '', theirSecret = ''] = theirs.split('.');
    expect(await reveal(sealer, place, `${myKey}.${theirSecret}`)).toBe('[unreadable]');
    expect(await reveal(sealer, other, `${theirKey}.${mySecret}`)).toBe('[unreadable]');
  });

  test('does not open with one bit flipped anywhere', async () => {
    const [k = '', c = ''] = (await hiddenAt(place)).split('.');
    const bytes = Buffer.from(c, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(await reveal(sealer, place, `${k}.${flipped.toString('base64')}`), `bit ${bit}`).toBe('[unreadable]');
    }
    for (const cut of ['', '.', k, `${k}.`, `${k}.${c.slice(0, -4)}`, `key_never.${c}`]) expect(await reveal(sealer, place, cut)).toMatch(/^\[/);
  });

  test('is gone once its key is destroyed, and its neighbours are not', async () => {
    const gone = { ...place, eventId: 'event-3' };
    const [mine, theirs] = [await hiddenAt(gone), await hiddenAt(place)];
    await vault.destroyScope(hiddenScope('event-3'));
    expect(await reveal(sealer, gone, mine)).toBe('[erased]');
    expect(await reveal(sealer, place, theirs)).toBe(text);
    expect(await reveal(sealer, gone, await hiddenAt(gone))).toBe('[erased]');
  });
});

test('no key is used with the same nonce twice: each event has a key of its own, and no nonce comes twice in many', async () => {
  const keyOf = async (eventId: string): Promise<string> => (await hiddenAt({ ...place, eventId })).split('.')[0] ?? '';
  expect(new Set(await Promise.all(Array.from({ length: 100 }, (_, index) => keyOf(`event-of-its-own-${index}`)))).size).toBe(100);
  const key = createSecretKey(randomBytes(32));
  const count = 20_000;
  const seen = new Set<string>();
  for (let index = 0; index < count; index += 1) seen.add(encrypt(key, '', '').toString('latin1', 0, 12));
  expect(seen.size).toBe(count);
});
