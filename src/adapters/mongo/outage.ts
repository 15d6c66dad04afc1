/** The database cannot be reached, or cannot write for the moment: repeating is safe. The message is one sentence that says why and what to do. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly code = 'StoreUnavailable';
}

const FULL_DISK = 14_031;
/** Codes of a server that is starting, stopping, changing its primary or too slow (its own list of error codes). */
const PASSING = new Set([6, 7, 11, 50, 63, 64, 89, 91, 133, 134, 150, 189, 234, 246, 262, 9001, 10_107, 11_600, 11_602, 13_388, 13_435, 13_436]);
/** Errors of the driver that never got an answer. Its classes are not imported: who needs no database should not load the driver. */
const UNANSWERED = /(ServerSelection|Network|NetworkTimeout|PoolCleared|PoolClearedOnNetwork|PoolClosed|WaitQueueTimeout)Error$/;
/** A connection that ended between two questions: the driver lets Node's own error through. */
const DISCONNECTED = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_DESTROYED']);
/** Cursors end when their collection is dropped, renamed or the server restarts; the question may simply be asked again. */
const CURSOR_LOST = new Set([43, 175, 237]);

export const isDuplicate = (error: unknown): boolean => codeOf(error) === 11_000;
export const isMissingCollection = (error: unknown): boolean => codeOf(error) === 26;
export const isLostCursor = (error: unknown): boolean => CURSOR_LOST.has(codeOf(error) ?? 0);

/** What an error of the driver says about the server at `where`; undefined when it is about something else. */
export function whyOut(error: unknown, where: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (codeOf(error) === FULL_DISK) return `The disk of the database at ${where} is full: free some space and repeat, no restart is needed.`;
  if (UNANSWERED.test(error.name) || PASSING.has(codeOf(error) ?? 0) || ('code' in error && DISCONNECTED.has(error.code)))
    return `The database at ${where} does not answer (${firstLine(error)}): see that it runs and can be reached, then repeat.`;
  // A bulk write wraps what happened to it.
  return 'errorResponse' in error && error.errorResponse !== error ? whyOut(error.errorResponse, where) : undefined;
}

const firstLine = ({ message }: Error): string => message.split('\n', 1)[0] ?? '';

function codeOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
