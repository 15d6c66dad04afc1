import { Metadata, status } from '@grpc/grpc-js';

/** Ends a whole call in the words that the client understands: the kind of error stands in the metadata `exception`. */
export class Refusal extends Error {
  readonly code: status;
  readonly details: string;
  readonly metadata = new Metadata();

  constructor(code: status, details: string, trailers: Readonly<Record<string, string>> = {}) {
    super(details);
    this.code = code;
    this.details = details;
    for (const [name, value] of Object.entries(trailers)) this.metadata.set(name, value);
  }
}

export const streamDeleted = (stream: string): Refusal =>
  new Refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });

export const wrongExpectedVersion = (stream: string, expected: bigint, actual: bigint): Refusal =>
  new Refusal(status.FAILED_PRECONDITION, `Stream ${stream} is at ${actual}, not at ${expected}.`, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': expected.toString(),
    'actual-version': actual.toString(),
  });

export const appendTooLarge = (limit: number): Refusal =>
  new Refusal(status.INVALID_ARGUMENT, `An append has at most ${limit} bytes.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': limit.toString(),
  });

export const noSuchPosition = (): Refusal => new Refusal(status.UNKNOWN, 'No record begins at this position.');
