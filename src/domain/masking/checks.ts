/** Letters and digits of an IBAN by the country it begins with (the registry of SWIFT, ISO 13616). */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 ' +
    'HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 ' +
    'RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

export const ibanLength = (country: string): number | undefined => ibanLengths[country];

/** ISO 7064, mod 97-10, over the letters and digits alone. */
export function isIban(compact: string): boolean {
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const CARD = /^(?:4|5[1-5]|2[2-7]|3[04-9]|6[0245])/;

/** The check digit after Luhn, behind the first digits of a kind of card that exists. */
export function isCard(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || !CARD.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Germany's tax number for life: of its first ten digits one comes twice or three times; ISO 7064, mod 11,10. */
export function isTaxId(digits: string): boolean {
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  const counts = Object.values(Object.groupBy(digits.slice(0, 10), (digit) => digit)).map((group) => group?.length ?? 0);
  if (counts.filter((count) => count > 1).length !== 1 || Math.max(...counts) > 3) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) product = ((((Number(digit) + product) % 10 || 10) * 2) % 11) as number;
  return (11 - product) % 10 === Number(digits[10]);
}

const WEIGHTS = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];

/** Germany's number of pension insurance: twelve characters, the ninth a letter that counts as its place in the alphabet in two digits. */
export function isInsuranceNumber(compact: string): boolean {
  if (!/^\d{8}[A-Z]\d{3}$/.test(compact)) return false;
  const letter = String(compact.charCodeAt(8) - 64).padStart(2, '0');
  const digits = compact.slice(0, 8) + letter + compact.slice(9, 11);
  const sum = [...digits].reduce((total, digit, index) => {
    const weighted = Number(digit) * (WEIGHTS[index] ?? 0);
    return total + Math.floor(weighted / 10) + (weighted % 10);
  }, 0);
  return sum % 10 === Number(compact[11]);
}

/** An American social security number; it has no check digit, but areas, groups and serials that are never given. */
export const isSocialSecurityNumber = (text: string): boolean => /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(text);

/** RFC 4291; only with a digit in it, so that words around `::` stay. */
export function isIpv6(text: string): boolean {
  if (!/\d/.test(text) || !text.includes(':')) return false;
  const halves = text.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length > 0 && groups.length < 8 : groups.length === 8;
}
