/** Primary result codes of SQLite (sqlite.org/rescode.html) that call for different answers. */
export const ResultCode = { none: 0, busy: 5, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** The primary result code of an error of node:sqlite, `none` for any other error. */
export function resultCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') return ResultCode.none;
  return error.errcode & 0xff;
}

/** Whether the fault lies with the file or its disk, not with what was to be stored. */
export const isFaultOfFile = (error: unknown): boolean => {
  const { none: _none, ...faults } = ResultCode;
  return Object.values<number>(faults).includes(resultCode(error));
};

/** One sentence that names the file, what happened to it, and what to do. */
export function adviceFor(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case ResultCode.none:
      return reason;
    case ResultCode.full:
      return `The disk that holds ${file} is full: free some space and repeat, no restart is needed.`;
    case ResultCode.readOnly:
    case ResultCode.cannotOpen:
      return `${file} cannot be opened for writing (${reason}): let this user write to it and its folder, then repeat.`;
    case ResultCode.io:
      return `The disk failed on ${file} (${reason}): look at the system's log for the disk, then repeat.`;
    case ResultCode.busy:
      return `Another program holds ${file} (${reason}): close it, then repeat.`;
    case ResultCode.corrupt:
    case ResultCode.notADatabase:
      return `${file} is damaged (${reason}): stop the server, run "annals verify", and restore it from a backup.`;
    default:
      return `${file} cannot be used (${reason}).`;
  }
}
