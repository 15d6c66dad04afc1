import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import canonicalize from 'canonicalize';
import { SignedHead } from '../evidence/port.ts';
import { syncFolder } from '../sync-folder.ts';

export interface ReadHeads {
  /** In the order of the file. */
  readonly heads: readonly SignedHead[];
  /** One sentence for each line that is no head. */
  readonly problems: readonly string[];
}

/** One head a line; a file that is not there has none, and a last line without an end is still being written. Throws when it cannot be read. */
export function readHeads(file: string): ReadHeads {
  if (!existsSync(file)) return { heads: [], problems: [] };
  const read = readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line, index) => ({ line, number: index + 1, head: parsed(line) }))
    .filter(({ line }) => line !== '');
  return {
    heads: read.flatMap(({ head }) => (head ? [head] : [])),
    problems: read.filter(({ head }) => head === undefined).map(({ number }) => `line ${number} of ${file} is no head`),
  };
}

function parsed(line: string): SignedHead | undefined {
  try {
    return SignedHead.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Adds heads at the end and makes them durable; the folder must be there. Nothing that stands in the file is touched. */
export function appendHeads(file: string, heads: readonly SignedHead[]): void {
  const isNew = !existsSync(file);
  const descriptor = openSync(file, 'a+', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1, '\n');
    if (size > 0) readSync(descriptor, last, 0, 1, size - 1);
    const text = heads.map((head) => `${canonicalize(head)}\n`).join('');
    // A line that a loss of power has cut off stays by itself.
    writeWhole(descriptor, Buffer.from(last.toString() === '\n' ? text : `\n${text}`), size);
  } finally {
    closeSync(descriptor);
  }
  if (isNew) syncFolder(dirname(file));
}

/** On a disk without room nothing of it stays. */
function writeWhole(descriptor: number, bytes: Buffer, end: number): void {
  try {
    if (writeSync(descriptor, bytes) < bytes.length) throw new Error('there is no room for it');
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, end);
    throw error;
  }
}
