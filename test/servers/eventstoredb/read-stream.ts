import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { eventAnswer, streamNotFound } from './answers.ts';
import { nameOf } from './proposals.ts';
import { streamDeleted } from './refusal.ts';
import { isDeletedSoftly, isTombstoned, shown } from './retention.ts';
import type { Store } from './store.ts';

export interface StreamRead {
  readonly backwards: boolean;
  readonly count: number;
  readonly resolveLinks: boolean;
}

export function* readStream(
  store: Store,
  options: ReadReq.Options.StreamOptions,
  { backwards, count, resolveLinks }: StreamRead,
): Generator<ReadResp> {
  const stream = nameOf(options.getStreamIdentifier());
  if (isTombstoned(store, stream)) throw streamDeleted(stream);
  const records = store.stream(stream);
  if (records.length === 0 || isDeletedSoftly(store, stream)) return yield streamNotFound(stream);
  const { first, tooOld } = shown(store, stream);
  const last = records.length - 1;
  const asked = options.hasRevision() ? Number(options.getRevision()) : options.hasEnd() ? Infinity : 0;
  let left = count;
  const step = backwards ? -1 : 1;
  for (let index = backwards ? Math.min(asked, last) : Math.max(asked, first); index >= first && index <= last && left > 0; index += step) {
    const record = records[index]!;
    if (tooOld(record)) continue;
    left -= 1;
    yield eventAnswer(store, record, resolveLinks);
  }
}

/** Each call of what this returns yields what has come since the last one; a stream that is not there yet is waited for. */
export function streamSince(store: Store, options: ReadReq.Options.StreamOptions, resolveLinks: boolean): () => Generator<ReadResp> {
  const stream = nameOf(options.getStreamIdentifier());
  const length = store.stream(stream).length;
  let next = options.hasRevision() ? Number(options.getRevision()) + 1 : options.hasEnd() ? length : 0;
  return function* () {
    if (isTombstoned(store, stream)) throw streamDeleted(stream);
    const records = store.stream(stream);
    const { first, tooOld } = shown(store, stream);
    for (next = next < records.length ? Math.max(next, first) : next; next < records.length; ) {
      const record = records[next]!;
      next += 1;
      if (!tooOld(record)) yield eventAnswer(store, record, resolveLinks);
    }
  };
}
