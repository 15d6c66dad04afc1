import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { VaultUnavailable } from '../key-vault/port.ts';
import { syncFolder } from '../sync-folder.ts';
import { Erased, type ErasureList, lineOf } from './port.ts';

/**
 * One line of JSON for each, `{"at","kind","name"}`, in one file or the same in several; what one of them lacks is added to it at the opening. Throws when
 * one cannot be read or written.
 */
export function openErasureFiles(files: readonly string[], now: () => Date = () => new Date()): ErasureList {
  const known = new Map<string, Erased>();
  const perFile = files.map((file) => ({ file, there: new Map(readLines(file).map((erased) => [lineOf(erased), erased])) }));
  for (const { there } of perFile) for (const [line, erased] of there) known.set(line, erased);
  const write = (file: string, erased: readonly Erased[]): void => {
    try {
      appendLines(file, erased.map((each) => `${JSON.stringify({ at: now().toISOString(), ...each })}\n`).join(''));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new VaultUnavailable(`The erasure list ${file} cannot be written (${why}): make room for it, or see to it that its folder is there.`);
    }
  };
  for (const { file, there } of perFile) {
    const missing = [...known].filter(([line]) => !there.has(line)).map(([, erased]) => erased);
    if (missing.length > 0 || !existsSync(file)) write(file, missing);
  }
  return {
    async add(erased) {
      if (known.has(lineOf(erased))) return;
      for (const file of files) write(file, [erased]);
      known.set(lineOf(erased), erased);
    },
    all: async () => [...known.values()],
  };
}

/** A line that is none stays, and is passed over: it was cut off by a loss of power, and what it named is added again by whoever erased it. */
function readLines(file: string): Erased[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { success, data } = Erased.safeParse(JSON.parse(line));
        return success ? [data] : [];
      } catch {
        return [];
      }
    });
}

function appendLines(file: string, text: string): void {
  const isNew = !existsSync(file);
  const descriptor = openSync(file, 'a+', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1, '\n');
    if (size > 0) readSync(descriptor, last, 0, 1, size - 1);
    const bytes = Buffer.from(last.toString() === '\n' ? text : `\n${text}`);
    try {
      if (writeSync(descriptor, bytes) < bytes.length) throw new Error('there is no room for it');
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    }
  } finally {
    closeSync(descriptor);
  }
  if (isNew) syncFolder(dirname(file));
}
