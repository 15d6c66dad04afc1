/** POSIX ustar (IEEE Std 1003.1-1988), regular files with short names only: what an export is packed in, and all that an import takes. */
export const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** One file, header and padding with it. The name has at most 100 characters of ASCII. */
export function tarFile({ name, bytes }: TarEntry, seconds: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a file in an archive.`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'ascii');
  header.write(octal(0o600, 8) + octal(0, 8) + octal(0, 8) + octal(bytes.byteLength, 12) + octal(seconds, 12), 100, 'ascii');
  header.write('        0', 148, 'ascii');
  header.write('ustar\x0000', 257, 'ascii');
  header.write(octal(sumOf(header), 7), 148, 'ascii');
  const padding = Buffer.alloc((BLOCK - (bytes.byteLength % BLOCK)) % BLOCK);
  return Buffer.concat([header, bytes, padding]);
}

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK);

const sumOf = (header: Uint8Array): number => header.reduce((sum, byte) => sum + byte, 0);

/** What is wrong with an archive; the code is shown. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
  readonly code: string;
  constructor(code: string) {
    super(`The archive is refused: ${code}.`);
    this.code = code;
  }
}

export interface TarLimits {
  /** Bytes of one file. */
  readonly entryBytes: number;
  readonly entries: number;
  /** Which names there may be: never a path that leads anywhere else. */
  readonly names: RegExp;
}

/** The files of an archive in their order, each whole. Throws `ArchiveRefused` for anything that is no regular file of a name that may be. */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>, { entryBytes, entries, names }: TarLimits): AsyncGenerator<TarEntry> {
  const reader = createReader(chunks);
  const seen = new Set<string>();
  for (;;) {
    const header = await reader.take(BLOCK);
    if (!header) throw new ArchiveRefused('ArchiveCut');
    if (header.every((byte) => byte === 0)) return;
    const { name, size } = headerOf(header);
    if (!names.test(name) || seen.has(name)) throw new ArchiveRefused('ArchiveForeign');
    if (size > entryBytes || seen.size >= entries) throw new ArchiveRefused('ArchiveTooLarge');
    seen.add(name);
    const padded = await reader.take(Math.ceil(size / BLOCK) * BLOCK);
    if (!padded) throw new ArchiveRefused('ArchiveCut');
    yield { name, bytes: padded.subarray(0, size) };
  }
}

function headerOf(header: Buffer): { name: string; size: number } {
  const text = (from: number, to: number): string => header.toString('latin1', from, to).split('\0')[0] ?? '';
  const number = (from: number, to: number): number => (/^[0-7]{1,11} ?$/.test(text(from, to)) ? Number.parseInt(text(from, to), 8) : Number.NaN);
  const sum = number(148, 156);
  const blank = Buffer.from(header);
  blank.fill(' ', 148, 156);
  const size = number(124, 136);
  if (sumOf(blank) !== sum || text(257, 262) !== 'ustar' || Number.isNaN(size)) throw new ArchiveRefused('ArchiveForeign');
  const type = text(156, 157);
  if ((type !== '0' && type !== '') || text(157, 257) !== '' || text(345, 500) !== '') throw new ArchiveRefused('ArchiveForeign');
  return { name: text(0, 100), size };
}

function createReader(chunks: AsyncIterable<Uint8Array>): { take(count: number): Promise<Buffer | undefined> } {
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Buffer[] = [];
  let size = 0;
  return {
    async take(count) {
      while (size < count) {
        const next = await iterator.next();
        if (next.done) return undefined;
        const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
        held.push(chunk);
        size += chunk.length;
      }
      const all = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
      held = [all.subarray(count)];
      size -= count;
      return all.subarray(0, count);
    },
  };
}
