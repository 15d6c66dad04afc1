import type { AppendResult, Expected } from '../port.ts';
import { createBackoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import { adviceFor, isBug, isUnsent, Silence, spoilsClient, typeOf } from './failures.ts';
import type { Proposed } from './stored.ts';

export interface AppendLimits {
  /** For one attempt, in ms. */
  readonly attemptMs: number;
  /** For all attempts of an append that may have been stored. */
  readonly settleMs: number;
  /** For all attempts of one that never left. */
  readonly unreachableMs: number;
}

export interface Proposal {
  readonly stream: string;
  readonly events: readonly Proposed[];
  readonly expected: Expected;
}

export type Settled = { readonly stored: { readonly revision: bigint; readonly place: bigint | undefined } } | { readonly answer: AppendResult };
type Attempt = Settled | { readonly failed: unknown };
export type Appender = (proposal: Proposal, signal?: AbortSignal) => Promise<Settled>;

const GIVEN_UP = 'The append was given up before its answer came: repeat with the same ids to learn it.';
const unknown = (message: string): Settled => ({ answer: { ok: false, code: 'OutcomeUnknown', message } });

/** Appends are the only calls on this connection. They repeat the identical append until the answer is definite, a limit is reached or the signal ends it. */
export function createAppender(connection: Connection, limits: AppendLimits): Appender {
  let answeredAt = performance.now();

  /** One call that ends in time, whatever the client does: its own promise may never end. */
  async function attempt(proposal: Proposal, ms: number, stop: AbortSignal | undefined): Promise<Attempt> {
    const client = connection.client();
    const begun = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<Attempt>();
    const giveUp = () => resolve({ failed: new Silence(GIVEN_UP) });
    const silence = setTimeout(() => resolve({ failed: new Silence(`no answer within ${Math.round(ms)} ms`) }), ms);
    if (stop?.aborted) giveUp();
    stop?.addEventListener('abort', giveUp);
    const answered = (attempt: Attempt): void => {
      if (!('failed' in attempt)) answeredAt = performance.now();
      resolve(attempt);
    };
    client
      .appendToStream(
        proposal.stream,
        proposal.events.map(({ event }) => event),
        { expectedRevision: expectation(connection, proposal.expected) },
      )
      .then(
        ({ nextExpectedRevision, position }) =>
          answered({ stored: { revision: BigInt(nextExpectedRevision), place: position && BigInt(position.commit) } }),
        (error: unknown) => (isBug(error) ? reject(error) : answered(judgeFailure(proposal.stream, error))),
      );
    const outcome = await promise.finally(() => {
      clearTimeout(silence);
      stop?.removeEventListener('abort', giveUp);
    });
    // Others' answers on the same connection show that it lives, and that the server is only slow.
    const lives = 'failed' in outcome && outcome.failed instanceof Silence && (stop?.aborted === true || answeredAt > begun);
    if ('failed' in outcome && !lives && spoilsClient(outcome.failed)) connection.renew(client);
    return outcome;
  }

  return async (proposal, stop) => {
    const begun = performance.now();
    const backoff = createBackoff();
    let mayBeStored = false;
    for (;;) {
      const left = (mayBeStored ? limits.settleMs : limits.unreachableMs) - (performance.now() - begun);
      const outcome = await attempt(proposal, Math.min(limits.attemptMs, Math.max(left, limits.attemptMs / 10)), stop);
      if (!('failed' in outcome)) return outcome;
      mayBeStored ||= !isUnsent(outcome.failed);
      if (stop?.aborted) return unknown(GIVEN_UP);
      if (performance.now() - begun >= (mayBeStored ? limits.settleMs : limits.unreachableMs)) {
        const message = adviceFor(outcome.failed);
        return mayBeStored ? unknown(message) : { answer: { ok: false, code: 'StoreUnavailable', message } };
      }
      await backoff.pause(stop);
      if (stop?.aborted) return unknown(GIVEN_UP);
    }
  };
}

function expectation({ library }: Connection, expected: Expected) {
  if (expected === 'any') return library.ANY;
  return expected === 'noStream' ? library.NO_STREAM : expected;
}

/** By the error's own word, never by its class. */
function judgeFailure(stream: string, error: unknown): Attempt {
  switch (typeOf(error)) {
    case 'wrong-expected-version': {
      const actual = numberIn(error, 'actualVersion');
      return { answer: { ok: false, code: 'WrongExpectedRevision', ...(actual === undefined || actual < 0n ? {} : { actual }) } };
    }
    case 'maximum-append-size-exceeded': {
      const limit = numberIn(error, 'maxAppendSize');
      const message = `The events for ${stream} are more than the ${limit} bytes that the event store takes in one append: raise its MaxAppendSize or put large parts into blobs.`;
      return { answer: { ok: false, code: 'TooLarge', message } };
    }
    case 'access-denied':
    case 'stream-deleted':
      return { answer: { ok: false, code: 'StoreUnavailable', message: adviceFor(error) } };
    default:
      return { failed: error };
  }
}

/** A revision that is a name (`no_stream`) is no number. */
function numberIn(error: unknown, field: string): bigint | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : undefined;
}
