import { randomUUID } from 'node:crypto';
import type { StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import { nameOf } from './proposals.ts';
import { LAST_REVISION, type Numbered } from './record.ts';
import { type Refusal, streamDeleted, wrongExpectedVersion } from './refusal.ts';
import { isTombstoned, lastRevision } from './retention.ts';
import type { Store } from './store.ts';
import { truncation } from './writer.ts';

/** In the answers of the real server `any` is -2 and no stream -1. */
const ANY = -2n;

/** What the options of a deletion and of a tombstone have in common. */
export interface DeletionOptions {
  getStreamIdentifier(): StreamIdentifier | undefined;
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
}

/** Stages the deletion and answers its position. */
export function deleteStream(store: Store, options: DeletionOptions | undefined, forGood: boolean): number | Refusal {
  const stream = nameOf(options?.getStreamIdentifier());
  if (isTombstoned(store, stream)) return streamDeleted(stream);
  const expected = expectedOf(options);
  const current = lastRevision(store, stream);
  const fits = expected === ANY ? forGood || current >= 0n : expected === current;
  if (!fits) return wrongExpectedVersion(stream, expected, current);
  const [record] = store.stage([forGood ? tombstone(stream) : truncation(store, stream, LAST_REVISION)]);
  return record!.position;
}

function expectedOf(options: DeletionOptions | undefined): bigint {
  if (options?.hasRevision()) return BigInt(options.getRevision());
  return options?.hasNoStream() ? -1n : ANY;
}

const tombstone = (stream: string): Numbered => ({
  stream,
  revision: LAST_REVISION,
  id: randomUUID(),
  type: '$streamDeleted',
  contentType: 'application/octet-stream',
  data: new Uint8Array(),
  metadata: new Uint8Array(),
  created: Date.now(),
});
