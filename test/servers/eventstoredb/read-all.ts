import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { checkpoint, eventAnswer } from './answers.ts';
import type { Filter } from './filter.ts';
import { noSuchPosition } from './refusal.ts';
import type { Store } from './store.ts';

export interface AllRead {
  readonly backwards: boolean;
  readonly count: number;
  readonly filter: Filter | undefined;
  readonly resolveLinks: boolean;
}

/** The index of the record at this position, or of the end when it lies beyond. Throws a refusal when it lies between two records. */
function indexOf(store: Store, position: ReadReq.Options.Position): number {
  const commit = Number(position.getCommitPosition());
  const index = store.indexAt(commit);
  const there = store.all[index];
  if (there && commit !== 0 && (there.position !== commit || position.getPreparePosition() !== position.getCommitPosition())) throw noSuchPosition();
  return index;
}

/** Forwards a read begins with the record at the position, backwards with the one before it. */
export function firstOfRead(store: Store, options: ReadReq.Options.AllOptions, backwards: boolean): number {
  const position = options.getPosition();
  const index = position ? indexOf(store, position) : options.hasEnd() ? store.all.length : 0;
  return backwards ? index - 1 : index;
}

/** A subscription begins with the record after the position. */
export function firstOfSubscription(store: Store, options: ReadReq.Options.AllOptions): number {
  const position = options.getPosition();
  if (!position) return options.hasEnd() ? store.all.length : 0;
  const index = indexOf(store, position);
  return store.all[index]?.position === Number(position.getCommitPosition()) ? index + 1 : index;
}

export function* readAll(store: Store, first: number, { backwards, count, filter, resolveLinks }: AllRead): Generator<ReadResp> {
  const end = store.all.length;
  let left = count;
  for (let index = first; index >= 0 && index < end && left > 0; index += backwards ? -1 : 1) {
    const record = store.all[index]!;
    if (filter && !filter.passes(record)) continue;
    left -= 1;
    yield eventAnswer(store, record, resolveLinks);
  }
}

/** Each call of what this returns yields what has come since the last one. */
export function allSince(store: Store, first: number, { filter, resolveLinks }: AllRead): () => Generator<ReadResp> {
  let next = first;
  let looked = 0;
  return function* () {
    for (let record = store.all[next]; record; record = store.all[next]) {
      next += 1;
      if (!filter || filter.passes(record)) yield eventAnswer(store, record, resolveLinks);
      looked += 1;
      if (!filter || looked < filter.checkpointEvery) continue;
      looked = 0;
      yield checkpoint(record);
    }
  };
}
