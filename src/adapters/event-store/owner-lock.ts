import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { adviceFor, ResultCode, resultCode } from './sqlite-errors.ts';

export type OwnerLock =
  | { readonly ok: true; release(): void }
  | { readonly ok: false; readonly code: 'Locked' | 'ReadOnly' | 'Unavailable' /** One sentence that says what to do. */; readonly message: string };

/**
 * Makes this process the only owner of the folder until `release` or its end, SIGKILL included. Answers at once.
 * The kernel drops the lock when any handle of this process on `lock.db` is closed: never open that file elsewhere, not even to copy it.
 */
export function takeOwnerLock(folder: string): OwnerLock {
  const file = join(folder, 'lock.db');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    // SQLite would open a read-only file for reading, and call that exclusive too.
    accessSync(folder, constants.W_OK);
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return {
      ok: true,
      release: () => {
        if (held.isOpen) held.close();
      },
    };
  } catch (error) {
    database?.close();
    return refusal(folder, file, error);
  }
}

function refusal(folder: string, file: string, error: unknown): OwnerLock {
  const code = resultCode(error);
  if (code === ResultCode.busy) {
    return { ok: false, code: 'Locked', message: `Another Annals runs on ${folder} (it holds ${file}): stop it, or give this one another folder.` };
  }
  const denied = error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code));
  if (denied || code === ResultCode.readOnly || code === ResultCode.cannotOpen) {
    return { ok: false, code: 'ReadOnly', message: `${folder} cannot be written by this user: change its owner or rights, or give another folder.` };
  }
  return { ok: false, code: 'Unavailable', message: adviceFor(file, error) };
}
