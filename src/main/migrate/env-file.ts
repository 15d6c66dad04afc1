import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { StartRefused } from '../refused.ts';

export type EnvValues = Readonly<Record<string, string>>;

/** Values that every reader of such a file takes as they stand. */
const PLAIN = /^[\w:/@.,?&=%+~*!-]*$/;

/** Throws `StartRefused` when the file is there and would tell the processes something else, or cannot be made. */
export function requireFitting(file: string, values: EnvValues): void {
  if (!existsSync(file)) {
    requireWritable(file);
    return;
  }
  const there = parseEnv(readFileSync(file, 'utf8'));
  const other = Object.entries(values).find(([name, value]) => there[name] !== value);
  if (other)
    throw new StartRefused(
      `${file} is there already, with another ${other[0]} or none: move it away, or name another file with --env. Nothing was changed.`,
    );
}

/** Writes the file, readable for this user alone, unless it is there already; `extra` only counts where it is made. */
export function writeEnvFile(file: string, values: EnvValues, extra: EnvValues): void {
  requireFitting(file, values);
  if (existsSync(file)) return;
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  const lines = Object.entries({ ...values, ...extra }).map(([name, value]) => `${name}=${quoted(value)}\n`);
  writeFileSync(draft, lines.join(''), { mode: 0o600, flag: 'wx', flush: true });
  renameSync(draft, file);
}

function requireWritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch {
    throw new StartRefused(`${file} cannot be made here: name a file in another folder with --env. Nothing was changed.`);
  }
}

function quoted(value: string): string {
  const quote = PLAIN.test(value) ? '' : ["'", '"', '`'].find((mark) => !value.includes(mark));
  if (quote === undefined) throw new StartRefused('A setting holds every kind of quotation mark: choose another password for the servers.');
  return `${quote}${value}${quote}`;
}
