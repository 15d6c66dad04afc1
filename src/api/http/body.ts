import type { IncomingMessage } from 'node:http';
import type { Json } from '../../domain/event.ts';
import { HttpError } from './problem.ts';

const MB = 1024 * 1024;
/** What a body may have where a route says nothing, and on chat and upload routes. */
export const BODY_LIMIT = MB;
export const LARGE_BODY_LIMIT = 30 * MB;

const READ_MS = 30_000;
const LARGE_READ_MS = 300_000;
const MAX_DEPTH = 64;

export const hasBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

/** The whole body; refuses as soon as it is known to be too large or too slow. */
export function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity')
    return Promise.reject(new HttpError('UnsupportedMediaType', 'Send the body without a content-encoding.'));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(
      () => stop(new HttpError('RequestTimeout', 'The body took too long to arrive.')),
      limit > BODY_LIMIT ? LARGE_READ_MS : READ_MS,
    );
    const heard = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) stop(tooLarge(limit));
      else chunks.push(chunk);
    };
    const ended = (): void => stop(undefined);
    const broken = (): void => stop(new HttpError('InvalidInput', 'The body broke off before its end.'));
    const stop = (error: Error | undefined): void => {
      clearTimeout(timer);
      req.off('data', heard).off('end', ended).off('error', broken).off('close', broken);
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    req.on('data', heard).on('end', ended).on('error', broken).on('close', broken);
  });
}

const tooLarge = (limit: number): HttpError => new HttpError('TooLarge', `The body may have at most ${Math.floor(limit / MB)} MB here.`, { limit });

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The body as JSON, `undefined` when there is none. */
export async function readJson(req: IncomingMessage, limit: number): Promise<Json | undefined> {
  if (!hasBody(req)) return undefined;
  if (!JSON_TYPE.test(req.headers['content-type'] ?? '')) throw new HttpError('UnsupportedMediaType', 'Send the body as application/json in UTF-8.');
  return parseJson(await readBytes(req, limit));
}

/** Strict JSON: UTF-8, at most 64 levels, finite numbers, well-formed strings. A member named `__proto__` is left out. */
export function parseJson(bytes: Uint8Array): Json {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError('InvalidInput', 'The body is not JSON in UTF-8.');
  }
  check(value);
  return value;
}

/** Only containers wait their turn: a body may have millions of values. */
function check(root: Json): void {
  const open: { within: object; depth: number }[] = [];
  const look = (value: Json, depth: number): void => {
    if (typeof value === 'string') checkText(value);
    else if (typeof value === 'number' && !Number.isFinite(value)) throw new HttpError('InvalidInput', 'The body has a number that is too large.');
    else if (typeof value === 'object' && value !== null) {
      if (depth > MAX_DEPTH) throw new HttpError('InvalidInput', `The body is nested deeper than ${MAX_DEPTH} levels.`);
      open.push({ within: value, depth });
    }
  };
  look(root, 1);
  for (let next = open.pop(); next; next = open.pop()) {
    const { within, depth } = next;
    if (Array.isArray(within)) for (const item of within) look(item, depth + 1);
    else {
      if (Object.hasOwn(within, '__proto__')) Reflect.deleteProperty(within, '__proto__');
      for (const [name, item] of Object.entries(within)) {
        checkText(name);
        look(item, depth + 1);
      }
    }
  }
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw new HttpError('InvalidInput', 'The body has a string with half a surrogate pair in it.');
}
