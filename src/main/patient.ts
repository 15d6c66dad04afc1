import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { whyUnavailable } from './unavailable.ts';

export interface Patience {
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** Hears why once when one of them has to wait, and nothing when it went on. */
  readonly onWait: (why: string | undefined) => void;
}

/** Documents whose reads and writes wait for a full disk to have room again, or a server to be there, instead of failing. After the signal they fail. */
export function patient(documents: DocumentStore, { signal, everyMs, onWait }: Patience): DocumentStore {
  const insist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let waited = false; ; waited = true) {
      try {
        const result = await work();
        if (waited) onWait(undefined);
        return result;
      } catch (error) {
        const why = whyUnavailable(error);
        if (why === undefined || signal.aborted) throw error;
        if (!waited) onWait(why);
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  return {
    ...documents,
    open: (...request) => insist(() => documents.open(...request)),
    getMany: (collection, ids) => insist(() => documents.getMany(collection, ids)),
    find: (collection, filter, options) => insist(() => documents.find(collection, filter, options)),
    checkpoint: (collection) => insist(() => documents.checkpoint(collection)),
    digest: (collection) => insist(() => documents.digest(collection)),
    commit: (...request) => insist(() => documents.commit(...request)),
    drop: (...request) => insist(() => documents.drop(...request)),
    rename: (...request) => insist(() => documents.rename(...request)),
  };
}
