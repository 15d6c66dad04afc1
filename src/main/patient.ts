import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { whyUnavailable } from './unavailable.ts';

export interface Patience {
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** Hears why once when a write has to wait, and nothing when it went on. */
  readonly onWait: (why: string | undefined) => void;
}

/** Documents whose writes wait for a full disk to have room again, instead of failing. After the signal they fail. */
export function patient(documents: DocumentStore, { signal, everyMs, onWait }: Patience): DocumentStore {
  const insist = async (write: () => Promise<void>): Promise<void> => {
    for (let waited = false; ; waited = true) {
      try {
        await write();
        if (waited) onWait(undefined);
        return;
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
    commit: (...request) => insist(() => documents.commit(...request)),
    drop: (...request) => insist(() => documents.drop(...request)),
    rename: (...request) => insist(() => documents.rename(...request)),
  };
}
