/** The event store cannot be reached, or does not let us: repeating is safe. The message is one sentence that says what to do. */
export class EventStoreUnavailable extends Error {
  override readonly name = 'EventStoreUnavailable';
  readonly code = 'StoreUnavailable';
}

/** Nothing came for longer than a reading may be silent. */
export class Silence extends Error {
  override readonly name = 'Silence';
}

/** The client's own word for an error; `undefined` for a plain one, which it throws too (a server that is down while it asks for its features). */
export function typeOf(error: unknown): string | undefined {
  return isObject(error) && 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Repeating cannot help. */
const lasting: ReadonlySet<string | undefined> = new Set(['access-denied', 'stream-deleted', 'stream-not-found', 'invalid-argument', 'unsupported']);
export const isPassing = (error: unknown): boolean => !lasting.has(typeOf(error)) && !isBug(error);
export const isBug = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;

/** gRPC says so before anything has left. */
export const isUnsent = (error: unknown): boolean =>
  /No connection established|Failed to discover|Name resolution failed|Channel closed before call started/.test(messageOf(error)) ||
  typeOf(error) === 'not-leader';

/** The client keeps a failed answer to its first question for good, and gRPC waits ever longer before it connects again: a new one tries at once. */
export const spoilsClient = (error: unknown): boolean =>
  error instanceof Silence || typeOf(error) === 'unavailable' || (typeOf(error) === undefined && !isBug(error));

const ADVICE_DENIED =
  'The event store does not allow this: give the user in its connection string the right to read, write and subscribe to $all ("annals doctor" says how).';

/** What is wrong and what to do, in one sentence. */
export function adviceFor(error: unknown): string {
  switch (typeOf(error)) {
    case 'access-denied':
      return ADVICE_DENIED;
    case 'stream-deleted':
      return 'A stream of Annals was deleted on the event store, where nothing may ever be deleted: restore it from a backup.';
    default:
      return `The event store does not answer (${reasonOf(error)}): see that it runs and can be reached, then repeat.`;
  }
}

/** What happened, in as few words as the error has for it. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error).replace(/\s*Resolution note:[\s\S]*$/, '');
  const last = /Last error: (?:Error: )?([\s\S]+)$/.exec(message)?.[1] ?? message;
  return last.replaceAll(/\s+/g, ' ').replace(/[.\s]+$/, '') || (typeOf(error) ?? 'no reason given');
}
