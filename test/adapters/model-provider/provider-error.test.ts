import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../../src/adapters/model-provider/port.ts';
import { asModelError, modelErrorOf, retryAfterOf, withoutSecrets } from '../../../src/adapters/model-provider/provider-error.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  test.each<[Record<string, string>, number | undefined]>([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:07 GMT' }, 7_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '120', 'retry-after': '9' }, 120],
    [{ 'x-ms-retry-after-ms': '130' }, 130],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after-ms': 'NaN', 'retry-after': '4' }, 4_000],
    [{}, undefined],
  ])('%j is %s', (headers, expected) => expect(retryAfterOf(new Headers(headers), now)).toBe(expected));

  test('Gemini tells it within the body', () => {
    const body = JSON.stringify({ error: { code: 429, message: 'quota', details: [{ '@type': 'x' }, { retryDelay: '13s' }] } });
    expect(modelErrorOf({ status: 429, body, secrets: [] }).retryAfter).toBe(13_000);
  });
});

describe('secrets', () => {
  const key = fc.string({ minLength: 16, maxLength: 60, unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-_') });

  test('no eight characters in a row of a key come through, wherever a provider puts it', () => {
    fc.assert(
      fc.property(key, fc.string(), fc.string(), (secret, before, after) => {
        const shown = withoutSecrets(`${before}${secret}${after}`, [secret]);
        for (let at = 0; at + 8 <= secret.length; at += 1) expect(shown).not.toContain(secret.slice(at, at + 8));
      }),
    );
  });

  test('keys that are not ours are masked where their form gives them away', () => {
    const shown = withoutSecrets('Bearer abcdefgh12345 sk-proj-abcdefgh AIzaSyAbcdefgh x-api-key: qwertzuiop', []);
    for (const part of ['abcdefgh', 'qwertz']) expect(shown).not.toContain(part);
  });

  test('words without a key are told, without line breaks and tags, and shortly', () => {
    expect(withoutSecrets('The <b>context</b>\nis too long', ['0123456789abcdef'])).toBe('The  b context /b is too long');
    expect(withoutSecrets('x'.repeat(10_000), []).length).toBeLessThanOrEqual(400);
  });
});

describe('any error', () => {
  test('becomes a ModelError, whatever was thrown, and keeps nothing of the original', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const error = asModelError(thrown);
        expect(error).toBeInstanceOf(ModelError);
        expect(error.cause).toBeUndefined();
      }),
    );
    expect(asModelError(new Error('Authorization: Bearer x')).message).not.toContain('Bearer');
  });

  test('ours is found below what an SDK wraps around it', () => {
    const ours = new ModelError('RateLimited', 'slow');
    expect(asModelError(new Error('Connection error.', { cause: new Error('deeper', { cause: ours }) }))).toBe(ours);
  });

  test('any body of a refusal is understood or passed over', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((json) => `{"error":${json}}`),
        ),
        fc.integer({ min: 300, max: 599 }),
        (body, status) => {
          expect(modelErrorOf({ status, body, secrets: [] })).toBeInstanceOf(ModelError);
        },
      ),
    );
  });
});
