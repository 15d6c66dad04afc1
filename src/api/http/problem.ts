import { STATUS_CODES } from 'node:http';
import type { DomainError } from '../../domain/decider.ts';
import type { Answer } from './answer.ts';

/** The one table from the code of an error to its HTTP status; what is not in it is 422. */
const statuses: Readonly<Record<string, number>> = {
  InvalidInput: 400,
  Unauthenticated: 401,
  LoginRefused: 401,
  Forbidden: 403,
  NotFound: 404,
  MessageNotFound: 404,
  ApprovalNotFound: 404,
  ToolCallNotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestTimeout: 408,
  Conflict: 409,
  RunActive: 409,
  RunEnded: 409,
  AlreadySent: 409,
  AlreadyClaimed: 409,
  AddressTaken: 409,
  ApprovalAnswered: 409,
  ApprovalExpired: 409,
  FileUploaded: 409,
  MessageOwnedByRun: 409,
  Superseded: 409,
  ThreadTrashed: 409,
  JobGoesOn: 409,
  LastAdministrator: 409,
  LocalPerson: 409,
  ProcessingRestricted: 409,
  PersonErased: 410,
  NameTaken: 409,
  EpochChanged: 410,
  RevisionMismatch: 412,
  TooLarge: 413,
  UnsupportedMediaType: 415,
  Misdirected: 421,
  IdempotencyMismatch: 422,
  RateLimited: 429,
  Internal: 500,
  StoreUnavailable: 503,
  OutcomeUnknown: 503,
  ViewRebuilding: 503,
  NotYetVisible: 503,
};

export const statusOf = (code: string): number => statuses[code] ?? 422;

const retryAfter = ({ code, details }: DomainError): Record<string, string> => {
  if (typeof details?.retryAfter === 'number') return { 'retry-after': String(details.retryAfter) };
  return statusOf(code) === 503 ? { 'retry-after': '1' } : {};
};

/** Headers that belong to an error whatever its body looks like. */
export const errorHeaders = (error: DomainError): Record<string, string> => ({
  ...retryAfter(error),
  ...(statusOf(error.code) === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  ...(typeof error.details?.allow === 'string' ? { allow: error.details.allow } : {}),
});

/** An error as RFC 9457 problem+json; `code` is stable, `instance` names the request. */
export function problem(error: DomainError, requestId: string): Answer {
  const status = statusOf(error.code);
  return {
    status,
    headers: { ...errorHeaders(error), 'content-type': 'application/problem+json' },
    json: {
      type: `urn:annals:problem:${error.code}`,
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: error.message,
      code: error.code,
      instance: `urn:annals:request:${encodeURIComponent(requestId)}`,
      ...(error.details ? { details: error.details } : {}),
    },
  };
}

/** An error on its way out of a handler: expected, with the answer already known. */
export class HttpError extends Error {
  readonly error: DomainError;
  constructor(code: string, message: string, details?: DomainError['details']) {
    super(message);
    this.name = 'HttpError';
    this.error = { code, message, ...(details ? { details } : {}) };
  }
}
