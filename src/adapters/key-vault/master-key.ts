import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../sync-folder.ts';

const BYTES = 32;
const OTHERS = 0o077;

export type LoadedSecret =
  | { readonly ok: true; readonly key: Buffer }
  | { readonly ok: false; readonly code: 'InvalidSetting' | 'InvalidFile' | 'ReadableByOthers' | 'Inaccessible'; readonly message: string };

/**
 * The installation's master key, 32 bytes: from the setting (base64, standard or URL-safe; empty counts as unset), else from `master.key` in the
 * folder, which is made when there is none. The message of a refusal is one sentence for whoever starts the server.
 */
export function loadMasterKey({ folder, fromSetting }: { readonly folder: string; readonly fromSetting?: string | undefined }): LoadedSecret {
  const setting = fromSetting?.trim() ?? '';
  if (setting === '') return loadSecret(join(folder, 'master.key'));
  const key = parseSecret(setting);
  if (key) return { ok: true, key };
  return refusal('InvalidSetting', 'The master key that is set is not the base64 of exactly 32 bytes: make one with `openssl rand -base64 32`.');
}

/** A secret of 32 random bytes in a file of its own (base64, mode 0600), made on first use. Two processes that start at once get the same one. */
export function loadSecret(file: string): LoadedSecret {
  try {
    return readSecret(file) ?? makeSecret(file) ?? refusal('Inaccessible', `${file} vanished while it was being read: start again.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal('Inaccessible', `${file} could not be read or made (${reason}): let the server's user read and write it.`);
  }
}

function readSecret(file: string): LoadedSecret | undefined {
  const descriptor = openIfThere(file);
  if (descriptor === undefined) return undefined;
  try {
    if (process.platform !== 'win32' && (fstatSync(descriptor).mode & OTHERS) !== 0) {
      return refusal('ReadableByOthers', `${file} is a secret that other users may read: run \`chmod 600 ${file}\`.`);
    }
    const key = parseSecret(readFileSync(descriptor, 'utf8').trim());
    if (key) return { ok: true, key };
    return refusal('InvalidFile', `${file} does not hold the base64 of exactly 32 bytes: put the original back from its backup.`);
  } finally {
    closeSync(descriptor);
  }
}

// Written aside and linked into place: the link fails when there is one already, and no reader ever sees half a secret.
function makeSecret(file: string): LoadedSecret | undefined {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const draft = `${file}.${randomBytes(8).toString('hex')}.new`;
  try {
    writeFileSync(draft, `${randomBytes(BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkUnlessThere(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(folder);
  return readSecret(file);
}

/** Undefined for anything but 32 bytes in canonical base64, either alphabet, padded or not. */
function parseSecret(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const standard = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=$/, '');
  return bytes.length === BYTES && `${standard}=` === bytes.toString('base64') ? bytes : undefined;
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;
const refusal = (code: Extract<LoadedSecret, { ok: false }>['code'], message: string): LoadedSecret => ({ ok: false, code, message });
