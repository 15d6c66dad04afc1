import { isCorruption } from '../adapters/document-store/corruption.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../adapters/document-store/sqlite.ts';
import type { Progress } from '../projections/progress.ts';
import { createProjectorClient } from './projector-client.ts';
import { sentenceOf } from './refused.ts';
import { setAside } from './set-aside.ts';
import { Unavailable } from './unavailable.ts';

export interface Views {
  /** For reading. A damaged file is set aside as soon as a read meets the damage, and built anew. */
  readonly documents: DocumentStore;
  readonly progress: Progress;
  close(): Promise<void>;
}

const FILE = 'views.db';
export const saidOfDamage = (reason: string, aside: string): string =>
  `the views are built anew from the log, the damaged file is now ${aside}: ${reason}`;

/** Starts the views' writer in its thread, and opens them for reading. */
export async function openViews({ folder, secret }: { folder: string; secret: Buffer }, log: (message: string) => void): Promise<Views> {
  const open = (): Promise<DocumentStore> => openSqliteDocumentStore({ folder, readOnly: true });
  let current = await open();
  let closed = false;
  let repairing: Promise<void> | undefined;
  const projector = createProjectorClient(
    { folder, secret },
    {
      onFailure: (message, damaged) =>
        damaged ? repair(message) : log(`the views are not being written, restart the server once this is mended: ${message}`),
      onWait: (why) => log(why === undefined ? 'the views are being written again' : `the views wait: ${why}`),
    },
  );
  projector.start();

  function repair(reason: string): void {
    if (closed) return;
    repairing ??= replaceFile(reason)
      .catch((error: unknown) => log(`the views could not be built anew: ${sentenceOf(error)}`))
      .finally(() => (repairing = undefined));
  }

  async function replaceFile(reason: string): Promise<void> {
    await projector.stop();
    const aside = setAside(folder, FILE);
    log(saidOfDamage(reason, aside));
    const damaged = current;
    current = await open();
    await damaged.close();
    if (!closed) projector.start();
  }

  const read = async <Result>(work: (documents: DocumentStore) => Promise<Result>): Promise<Result> => {
    try {
      return await work(current);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      repair(sentenceOf(error));
      throw new Unavailable('What queries read was damaged and is being built anew: repeat in a moment.', { cause: error });
    }
  };

  return {
    progress: projector.progress,
    documents: {
      open: (...request) => current.open(...request),
      getMany: (collection, ids) => read((documents) => documents.getMany(collection, ids)),
      find: (collection, filter, options) => read((documents) => documents.find(collection, filter, options)),
      count: (collection, filter) => read((documents) => documents.count(collection, filter)),
      commit: (...request) => current.commit(...request),
      checkpoint: (collection) => read((documents) => documents.checkpoint(collection)),
      digest: (collection) => read((documents) => documents.digest(collection)),
      collections: () => read((documents) => documents.collections()),
      drop: (...request) => current.drop(...request),
      rename: (...request) => current.rename(...request),
      close: () => current.close(),
    },
    async close() {
      closed = true;
      await repairing;
      // The writer is the last to close, so that it can leave one whole file behind.
      await current.close();
      await projector.stop();
    },
  };
}
