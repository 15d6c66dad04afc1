import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCorruption } from '../../adapters/document-store/corruption.ts';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../../adapters/document-store/sqlite.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import { upcasting } from '../../adapters/event-store/upcast.ts';
import { tagger } from '../../commands/tagger.ts';
import { upcasters } from '../../domain/upcasters.ts';
import { createProjector } from '../../projections/projector.ts';
import { collectionOf, type View } from '../../projections/view.ts';
import { views } from '../../projections/views/index.ts';

type Side = { readonly store: EventStore; readonly views: DocumentStore };
/** The installation's; where it was lost, nothing is recognised by it any more. */
type Secret = Buffer | undefined;

/** Folds the log into the views until they have caught up with its end, or an event has halted one. */
export async function buildViews({ store, views: documents }: Side, secret: Secret, onProgress: (events: number) => void): Promise<void> {
  const head = await store.head();
  const stop = new AbortController();
  const projector = createProjector({
    store: upcasting(counting(store, onProgress), upcasters, tagger(secret ?? Buffer.alloc(32))),
    documents,
    views,
    onProgress: (statuses) => {
      if (statuses.every(({ state, position }) => state === 'halted' || (state === 'live' && position >= head))) stop.abort();
    },
  });
  await projector.run(stop.signal);
}

const counting = (store: EventStore, onProgress: (events: number) => void): EventStore => ({
  ...store,
  tail: async function* (after, options) {
    let count = 0;
    for await (const batch of store.tail(after, options)) {
      yield batch;
      count += batch.events.length;
      onProgress(count);
    }
  },
});

export interface ComparedView {
  readonly view: string;
  readonly documents: number;
  readonly digest: string;
  readonly equal: boolean;
}

/** The views as they are stored in the source, where they have come to the end of its log; else as its log folds to in a folder of their own. */
export async function compareViews(source: Side, target: Side, secret: Secret): Promise<readonly ComparedView[]> {
  if (await haveCaughtUp(source)) return compared(source.views, target.views);
  const folder = await mkdtemp(join(tmpdir(), 'annals-views-'));
  try {
    const documents = await openSqliteDocumentStore({ folder });
    try {
      await buildViews({ store: source.store, views: documents }, secret, () => undefined);
      return await compared(documents, target.views);
    } finally {
      await documents.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function haveCaughtUp({ store, views: documents }: Side): Promise<boolean> {
  const [head, epoch] = [await store.head(), await store.epoch()];
  try {
    for (const view of views) {
      const checkpoint = await documents.checkpoint(collectionOf(view));
      if (checkpoint?.epoch !== epoch || checkpoint.position < head) return false;
    }
    return true;
  } catch (error) {
    if (isCorruption(error)) return false;
    throw error;
  }
}

const compared = (source: DocumentStore, target: DocumentStore): Promise<ComparedView[]> =>
  Promise.all(
    views.map(async (view: View) => {
      const [one, other] = [await source.digest(collectionOf(view)), await target.digest(collectionOf(view))];
      return { view: view.name, documents: other.count, digest: other.digest, equal: one.digest === other.digest && one.count === other.count };
    }),
  );
