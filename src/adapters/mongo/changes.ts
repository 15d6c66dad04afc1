import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeStreamDocument, Collection, Document } from 'mongodb';

export interface FollowedChanges<Row extends Document> {
  readonly collection: Collection<Row>;
  /** Stages over the change documents. */
  readonly pipeline: Document[];
  readonly hear: (change: ChangeStreamDocument<Row>) => void;
  /** Changes from now on are heard. It is told at the start and after each interruption: what happened in between may not be heard any more. */
  readonly watching: () => void;
  readonly signal: AbortSignal;
}

/** Well below the connection's patience, so that a server that has nothing to say is told apart from one that has gone. */
const QUIET_MS = 1_000;
const AGAIN_MS = { least: 50, spread: 200 };

/** Follows the changes of a collection until the signal, and begins anew after every failure. Never throws. */
export async function followChanges<Row extends Document>(followed: FollowedChanges<Row>): Promise<void> {
  const { signal } = followed;
  while (!signal.aborted) {
    await followOnce(followed).catch(() => undefined);
    // Spread, so that not all processes come back at the same moment.
    await sleep(AGAIN_MS.least + Math.random() * AGAIN_MS.spread, undefined, { signal }).catch(() => undefined);
  }
}

async function followOnce<Row extends Document>({ collection, pipeline, hear, watching, signal }: FollowedChanges<Row>): Promise<void> {
  const readConcern = { level: 'majority' } as const;
  const changes = collection.watch<Row, ChangeStreamDocument<Row>>(pipeline, { maxAwaitTimeMS: QUIET_MS, readConcern });
  const close = () => void changes.close().catch(() => undefined);
  signal.addEventListener('abort', close, { once: true });
  // The first token comes with the server's answer that it watches.
  changes.once('resumeTokenChanged', watching);
  try {
    while (!signal.aborted) {
      const change = await changes.tryNext();
      if (change !== null) hear(change);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
