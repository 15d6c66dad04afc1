import { LRUCache } from 'lru-cache';
import { KEYS_KEPT_MS, type KeyResult, type KeyScope } from './port.ts';

const MAX_ENTRIES = 10_000;

interface Entry {
  readonly at: number;
  readonly result: Promise<KeyResult>;
}

/**
 * Answers of the vault, asked once and kept for at most 5 s from the moment of asking. It holds promises, so that a hit costs no work,
 * callers at the same time share one request, and an answer still on its way when the cache is cleared is not kept.
 */
export function createKeyCache(monotonic: () => number) {
  const entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES });

  function through(name: string, fetch: () => Promise<KeyResult>): Promise<KeyResult> {
    const hit = entries.get(name);
    if (hit && monotonic() - hit.at < KEYS_KEPT_MS) return hit.result;
    const entry = { at: monotonic(), result: fetch() };
    entries.set(name, entry);
    entry.result.then(
      (result) => settled(name, entry, result),
      () => dropEntry(name, entry),
    );
    return entry.result;
  }

  function settled(name: string, entry: Entry, result: KeyResult): void {
    if (entries.peek(name) !== entry) return;
    if (result.ok) entries.set(idName(result.key.keyId), entry);
    else if (result.code === 'Absent') entries.delete(name);
  }

  function dropEntry(name: string, entry: Entry): void {
    if (entries.peek(name) === entry) entries.delete(name);
  }

  return {
    ofScope: ({ subject, scope }: KeyScope, fetch: () => Promise<KeyResult>) => through(`${subject}\0${scope}`, fetch),
    ofId: (keyId: string, fetch: () => Promise<KeyResult>) => through(idName(keyId), fetch),
    clear: () => entries.clear(),
  };
}

const idName = (keyId: string) => `id\0\0${keyId}`;
