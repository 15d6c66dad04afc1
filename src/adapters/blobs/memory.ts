import { assertBlobId } from './blob-id.ts';
import type { Blobs } from './port.ts';

/** Blobs that last as long as the process, for tests. */
export function createMemoryBlobs(): Blobs {
  const kept = new Map<string, Uint8Array>();
  return {
    put: async (id, bytes) => {
      assertBlobId(id);
      kept.set(id, Uint8Array.from(bytes));
    },
    get: async (id) => {
      assertBlobId(id);
      const bytes = kept.get(id);
      return bytes && Uint8Array.from(bytes);
    },
    delete: async (id) => {
      assertBlobId(id);
      kept.delete(id);
    },
    close: async () => {},
  };
}
