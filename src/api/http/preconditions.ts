import type { IncomingMessage } from 'node:http';
import type { Annals } from '../annals.ts';
import { HttpError } from './problem.ts';

/** How clients see a place in the log: `<epoch>.<position>`. */
export const outerPosition = (annals: Pick<Annals, 'epoch'>, position: string): string => `${annals.epoch}.${position}`;

/** The position a client names; refused when it is of another life of the log. */
export function innerPosition(annals: Pick<Annals, 'epoch'>, outer: string): string {
  const match = /^(.+)\.(\d{20})$/.exec(outer);
  if (!match) throw new HttpError('InvalidInput', 'A position has the form <epoch>.<20 digits>, as answers give it in Annals-Position.');
  const [, epoch, position = ''] = match;
  if (epoch !== annals.epoch)
    throw new HttpError('EpochChanged', 'The log has been restored or moved since: this position means nothing any more, start over.');
  return position;
}

/** The strong validator of an answer. `If-Match` compares the part before the point. */
export const etag = (revision: string, position: string): string => `"${revision}.${position}"`;

/** The revision that `If-Match` insists on. */
export function ifRevision(req: IncomingMessage): bigint | undefined {
  const given = req.headers['if-match'];
  if (given === undefined || given.trim() === '*') return undefined;
  const match = /^\s*"(-?\d{1,19})(?:\.\d{20})?"\s*$/.exec(given);
  if (match?.[1] === undefined)
    throw new HttpError('InvalidInput', 'If-Match takes the one ETag of an earlier answer, such as "4.00000000000000000017".');
  return BigInt(match[1]);
}

/** The caller's own key of this command. */
export function idempotencyKey(req: IncomingMessage): string | undefined {
  const given = req.headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given.length < 1 || given.length > 255)
    throw new HttpError('InvalidInput', 'Idempotency-Key takes 1 to 255 characters.');
  return given;
}

const MAX_WAIT_MS = 10_000;

/** How long the client would wait to find its write in every view, in ms. */
export function preferredWait(req: IncomingMessage): number | undefined {
  const given = [req.headers.prefer ?? ''].flat().join(',');
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(given)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1000, MAX_WAIT_MS);
}
