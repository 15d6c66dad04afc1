import { readFileSync } from 'node:fs';
import { brotliDecompressSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { filesOf } from './processes.ts';

/** A form's name, and the bytes in which a text would stand in a file. */
type Form = readonly [name: string, bytes: Buffer];

const MIN = 8;
/** In bytes, without a name. */
const GZIP_HEADER = 10;

/** Every form in which a text could stand in a file as plaintext. A text has at least 12 characters. */
export function formsOf(text: string): readonly Form[] {
  const utf8 = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  const unicode = [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  return [
    ['UTF-8', utf8],
    ['UTF-16 LE', Buffer.from(text, 'utf16le')],
    ['UTF-16 BE', Buffer.from(text, 'utf16le').swap16()],
    ['hex', Buffer.from(utf8.toString('hex'))],
    ['HEX', Buffer.from(utf8.toString('hex').toUpperCase())],
    ['JSON', Buffer.from(json)],
    ['JSON, escaped twice', Buffer.from(JSON.stringify(json).slice(1, -1))],
    ['JSON, all escaped', Buffer.from(unicode)],
    ['URL', Buffer.from(encodeURIComponent(text))],
    ['reversed', Buffer.from([...text].reverse().join(''))],
    ...[0, 1, 2].flatMap((offset): Form[] => {
      const inner = Buffer.concat([Buffer.alloc(offset), utf8]).toString('base64');
      // Only what no neighbour can change: whole groups of three bytes.
      const sure = inner.slice(offset === 0 ? 0 : 4, Math.floor((offset + utf8.length) / 3) * 4);
      return sure.length < MIN
        ? []
        : [
            [`base64 at ${offset}`, Buffer.from(sure)],
            [`base64url at ${offset}`, Buffer.from(sure.replaceAll('+', '-').replaceAll('/', '_'))],
          ];
    }),
  ];
}

/** Where any of the texts stands in any file below the folder: the file and the form, empty when nowhere. */
export function findTexts(folder: string, texts: readonly string[]): string[] {
  const forms = texts.flatMap((text) => formsOf(text).map(([name, bytes]) => ({ text, name, bytes })));
  return filesOf(folder)
    .filter((file) => !file.includes('/lock.db'))
    .flatMap((file) => {
      const [bytes = Buffer.alloc(0)] = attempt(() => readFileSync(file)); // a draft may be gone by now
      const inside = [bytes, ...unpacked(bytes)];
      return forms.flatMap((form) =>
        inside.flatMap((each, index) => (each.includes(form.bytes) ? [`${file}: ${form.text} as ${form.name}${index > 0 ? ', packed' : ''}`] : [])),
      );
    });
}

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What unpacks from any place that looks like the beginning of gzip, zlib or zstd, and from the whole. */
function unpacked(bytes: Buffer): Buffer[] {
  const found = [inflateRawSync, brotliDecompressSync].flatMap((unpack) => attempt(() => unpack(bytes)));
  for (let at = bytes.indexOf(0x1f); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 8)
      found.push(...attempt(() => inflateRawSync(bytes.subarray(at + GZIP_HEADER), { finishFlush: 2 })));
  }
  for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1)) {
    if ([0x01, 0x5e, 0x9c, 0xda].includes(bytes[at + 1] ?? 0)) found.push(...attempt(() => inflateSync(bytes.subarray(at), { finishFlush: 2 })));
  }
  for (let at = bytes.indexOf(ZSTD); at >= 0; at = bytes.indexOf(ZSTD, at + 1)) found.push(...attempt(() => zstdDecompressSync(bytes.subarray(at))));
  return found;
}

function attempt(work: () => Buffer): Buffer[] {
  try {
    return [work()];
  } catch {
    return [];
  }
}
