import {
  InsufficientScopeError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SseError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { blockOf } from '../public-address.ts';
import { type McpError, type McpErrorCode, NotRenewed } from './port.ts';

const failure = (code: McpErrorCode, message: string, sent: boolean): McpError => ({ code, message, sent });

const NOT_STARTED = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'E2BIG', 'EPERM']);
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
/** A session that the server has forgotten, as after its restart, is answered so. */
const FORGOTTEN = new Set([400, 404]);

/** The errors of the SDK, of sockets and of processes as ours. The SDK has one code for an abort and a timeout: the signal tells them apart. */
export function mcpErrorOf(error: unknown, { signal, session = false }: { signal: AbortSignal; session?: boolean }): McpError {
  const block = blockOf(error);
  if (block !== undefined) return failure('Blocked', block.message, false);
  if (signal.aborted) return failure('Cancelled', 'The call was stopped.', true);
  if (error instanceof UnauthorizedError) return failure('NeedsAuth', 'The server wants a login.', false);
  if (error instanceof InsufficientScopeError) return failure('ScopeTooNarrow', 'The server wants more permissions than were given.', false);
  if (error instanceof SdkHttpError || error instanceof SseError) {
    const status = error instanceof SdkHttpError ? error.data.status : error.code;
    const known = httpErrorOf(status, session);
    if (known) return known;
  }
  if (error instanceof SdkError) return sdkErrorOf(error);
  if (error instanceof ProtocolError) return failure('Refused', `The server refused: ${sentence(error.message)}`, true);
  const system = systemErrorOf(error);
  if (system) return system;
  return failure('BadAnswer', `What the server answered cannot be used: ${sentence(messageOf(error))}`, true);
}

function httpErrorOf(status: number | undefined, session: boolean): McpError | undefined {
  if (status === 401) return failure('NeedsAuth', 'The server wants a login, or did not take the one it was given.', false);
  if (status === 403) return failure('Forbidden', 'The server forbids it (403).', false);
  if (status !== undefined && session && FORGOTTEN.has(status)) return failure('Closed', `The server knows the session no more (${status}).`, false);
  if (status === 413) return failure('TooLarge', 'The server takes no request of that size (413).', false);
  if (status !== undefined && status >= 500) return failure('Unreachable', `The server answered ${status}.`, true);
  if (status !== undefined && status >= 300) return failure('BadAnswer', `The server answered ${status}.`, false);
  return undefined;
}

function sdkErrorOf(error: SdkError): McpError {
  switch (error.code) {
    case SdkErrorCode.RequestTimeout:
      return failure('Timeout', 'The server did not answer in time.', true);
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
    case SdkErrorCode.SendFailed:
      return failure('Closed', 'The connection to the server has ended.', error.code === SdkErrorCode.ConnectionClosed);
    case SdkErrorCode.EraNegotiationFailed: {
      const inner = systemErrorOf(error.cause ?? error.data);
      if (inner === undefined && /\bclosed\b/i.test(error.message)) return failure('Closed', 'The connection to the server has ended.', false);
      return inner ?? failure('BadAnswer', `The server and Annals found no common version: ${sentence(error.message)}`, false);
    }
    default:
      return systemErrorOf(error.cause) ?? failure('BadAnswer', `What the server answered cannot be used: ${sentence(error.message)}`, true);
  }
}

/** Looks through the causes: fetch puts what happened on the socket behind a sentence of its own. */
function systemErrorOf(error: unknown): McpError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof NotRenewed) return failure('Unreachable', at.message, false);
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if ('syscall' in at && String(at.syscall).startsWith('spawn') && NOT_STARTED.has(code))
      return failure('SpawnFailed', `The command could not be started (${code}).`, false);
    if (UNREACHED.has(code)) return failure('Unreachable', `The server could not be reached (${code}).`, false);
    if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return failure('Closed', 'The connection to the server broke off.', true);
    if (code === 'TooLarge') return failure('TooLarge', at.message, true);
  }
  return undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** Of what a stranger says: one line, not long. */
const sentence = (text: string): string => text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '').slice(0, 300);
