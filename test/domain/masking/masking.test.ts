import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/domain/event.ts';
import { type MaskKind, maskKinds } from '../../../src/domain/masking/detect.ts';
import { createMasking } from '../../../src/domain/masking/mask.ts';
import { createPlaceholders } from '../../../src/domain/masking/placeholders.ts';
import { createJsonUnmasker, createUnmasker, unmask, unmaskDeep } from '../../../src/domain/masking/unmask.ts';

const examples: Readonly<Record<MaskKind, readonly string[]>> = {
  EMAIL: ['ada@example.org', "o'neil+x@mail.example.co.uk", 'Jürgen.Müller@bücher.de'],
  IBAN: ['DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432', 'de89370400440532013000'],
  CARD: ['4111 1111 1111 1111', '5555-5555-5555-4444', '378282246310005'],
  ID: ['86 095 742 719', '65 170839 J 003', '219-09-9999'],
  IP: ['192.168.1.17', '2001:db8::8a2e:370:7334', 'fe80::1'],
  PHONE: ['+49 (30) 123-4567', '0049 30 1234567', '030 1234567', '(0171) 234 5678', '555-234-4567', '(212) 555 0187'],
  NAME: ['Ada Lovelace', 'ADA  LOVELACE', 'Zuse', 'a.b(c)*'],
};
const listed = ['Ada Lovelace', 'Zuse', 'a.b(c)*', 'Ada'];
const wanted = { kinds: maskKinds, listed };
const personal = fc.constantFrom(...Object.values(examples).flat());
/** Texts full of what is looked for, of what looks like placeholders, and of anything. */
const piece = fc.oneof(
  personal,
  personal,
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.stringMatching(/^[0-9 .:+@a-f[\]-]{0,12}$/),
  fc.constantFrom('[EMAIL_1]', '[TEXT_1]', '[NAME_12]', '[EMAIL_', '[[', ']', '@', ' ', '\n', '1', 'x', '"', '\\'),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

describe('what is masked', () => {
  test.each(Object.entries(examples).flatMap(([kind, values]) => values.map((value) => [kind, value])))('%s is found: %s', (kind, value) => {
    const masking = createMasking(createPlaceholders(), wanted);
    expect(masking.text(`Before ${value}, after; 12 and (${value}).`)).toBe(`Before [${kind}_1], after; 12 and ([${kind}_1]).`);
    expect(masking.counts()).toEqual({ [kind]: 1 });
  });

  test.each([
    'It costs 1,234.56 on 2026-01-02 at 10:30:45, room 0815, page 123-4567.',
    'Version 1.2.3 of std::vector, build 20260102103045, section 4.1.1.',
    'Adamant and Zusen are other words.',
    'GB82 WEST 1234 5698 7654 33 and 4111 1111 1111 1112 have wrong check digits, as has 12345678901.',
    '@adam, a@b and #1',
  ])('what is none of it stays: %s', (harmless) => {
    expect(createMasking(createPlaceholders(), wanted).text(harmless)).toBe(harmless);
  });

  test('a card between other numbers is found, and one before a date', () => {
    const masking = createMasking(createPlaceholders(), wanted);
    expect(masking.text('12 4111 1111 1111 1111 12/28')).toBe('12 [CARD_1] 12/28');
  });

  test('only kinds that are wanted are looked for', () => {
    const masking = createMasking(createPlaceholders(), { kinds: ['EMAIL'], listed });
    expect(masking.text('Zuse, zuse@example.org, 192.168.1.17')).toBe('Zuse, [EMAIL_1], 192.168.1.17');
  });
});

describe('laws of masking', () => {
  test('what is unmasked is what was masked, in whatever order texts come', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
        const placeholders = createPlaceholders();
        const masking = createMasking(placeholders, wanted);
        for (const [index, masked] of texts.map(masking.text).entries()) expect(unmask(placeholders, masked)).toBe(texts[index]);
      }),
      { numRuns: 2000 },
    );
  });

  test('in what is masked nothing more is found', () => {
    fc.assert(
      fc.property(text, (whole) => {
        const masked = createMasking(createPlaceholders(), wanted).text(whole);
        const again = createMasking(createPlaceholders(), wanted);
        expect(again.text(masked)).toBe(masked);
        expect(again.counts()).toEqual({});
      }),
      { numRuns: 2000 },
    );
  });

  test('a value has the same placeholder for ever, also for who knows only the entries of before', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const before = createPlaceholders();
        const once = createMasking(before, wanted).text(first);
        const later = createPlaceholders(before.added());
        expect(
          createMasking(later, wanted)
            .text(first)
            .replaceAll(/\[TEXT_\d+\]/g, ''),
        ).toBe(
          createMasking(createPlaceholders(before.added()), wanted)
            .text(first)
            .replaceAll(/\[TEXT_\d+\]/g, ''),
        );
        expect(unmask(later, createMasking(later, wanted).text(second))).toBe(second);
        expect(unmask(later, once)).toBe(first);
      }),
      { numRuns: 500 },
    );
  });

  test('however a masked text is cut into chunks, the same text comes out', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 30 }), (whole, cuts) => {
        const placeholders = createPlaceholders();
        const masked = `${createMasking(placeholders, wanted).text(whole)} [EMAIL_99][PHONE`;
        const unmasker = createUnmasker(placeholders);
        let out = '';
        let at = 0;
        for (const cut of [...cuts.toSorted((one, other) => one - other), masked.length]) {
          out += unmasker.push(masked.slice(at, Math.max(at, cut)));
          at = Math.max(at, cut);
        }
        expect(out + unmasker.end()).toBe(`${whole} [EMAIL_99][PHONE`.replace('[EMAIL_99]', placeholders.meaning('[EMAIL_99]') ?? '[EMAIL_99]'));
      }),
      { numRuns: 2000 },
    );
  });

  test('a JSON value keeps its shape, and is the same again when unmasked, whole or in chunks', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer(), fc.constant(null))), fc.nat(40), (value, cut) => {
        const placeholders = createPlaceholders();
        const masked = createMasking(placeholders, wanted).deep(value as Json);
        expect(unmaskDeep(placeholders, masked)).toEqual(value);
        const unmasker = createJsonUnmasker(placeholders);
        const json = JSON.stringify(masked);
        expect(JSON.parse(unmasker.push(json.slice(0, cut)) + unmasker.push(json.slice(cut)) + unmasker.end())).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('the time grows with the length of a text, not faster, whatever it is made of', () => {
    for (const bad of ['a', 'a.', '1', '1 ', '0-', '+1', '@', '::', 'DE12 ', '1.', '(0', 'a@a.', '[', '[EMAIL_1', '12 345 ', 'Ada ']) {
      const before = process.cpuUsage();
      createMasking(createPlaceholders(), wanted).text(bad.repeat(50_000));
      expect(process.cpuUsage(before).user, `microseconds for ${bad}`).toBeLessThan(4_000_000);
    }
  });
});
