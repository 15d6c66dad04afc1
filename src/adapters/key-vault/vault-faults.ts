/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const BUSY = 5;
const READ_ONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

export interface VaultFault {
  /** One sentence that names the file and says what to do. */
  readonly message: string;
  /** The disk's fault, not the content's: it may pass, and repeating is safe. */
  readonly passing: boolean;
}

export function faultOf(file: string, error: unknown): VaultFault {
  const reason = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case FULL:
      return { passing: true, message: `The disk that holds ${file} is full: free some space and repeat, no restart is needed.` };
    case BUSY:
      return { passing: true, message: `Another program holds ${file} (${reason}): close it, then repeat.` };
    case IO:
      return { passing: true, message: `The disk failed on ${file} (${reason}): look at the system's log for the disk, then repeat.` };
    case READ_ONLY:
    case CANNOT_OPEN:
      return { passing: true, message: `${file} cannot be written (${reason}): let this user write to it and its folder, then repeat.` };
    case CORRUPT:
    case NOT_A_DATABASE:
      return { passing: false, message: damaged(file, reason) };
    default:
      return { passing: false, message: reason };
  }
}

export const damaged = (file: string, reason: string): string => `The key vault ${file} is damaged (${reason}): put it back from its backup.`;

const resultCode = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
