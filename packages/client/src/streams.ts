import type { ResumableClientStorage } from '@assistant-ui/ai-sdk';
import { storage } from './token.ts';

/** Which stream each thread is writing. Threads go by the server's id, and by the id this page gave them before the server knew them. */
export interface StreamStorage extends ResumableClientStorage {
  /** Tells which thread of the server a stream belongs to. */
  bind(streamId: string, threadId: string): void;
  /** What the server says a thread is writing now. It overrules what this browser remembers, unless the stream was begun by this page. */
  learn(threadId: string, streamId: string | null): void;
  forget(streamId: string): void;
}

/** Remembered in localStorage under the server's thread id, so that any tab can pick a stream up after a reload. */
export function createStreamStorage(baseUrl: string): StreamStorage {
  const byThread = new Map<string, string | null>();
  const threadOf = new Map<string, string>();
  const begunHere = new Set<string>();
  const listeners = new Set<() => void>();
  const key = (threadId: string) => `annals:stream:${baseUrl}:${threadId}`;
  const notify = () => {
    for (const listener of listeners) listener();
  };

  const getStreamId = (threadId?: string) => {
    if (!threadId) return null;
    if (!byThread.has(threadId)) byThread.set(threadId, storage()?.getItem(key(threadId)) ?? null);
    return byThread.get(threadId) ?? null;
  };

  const forget = (streamId: string) => {
    for (const [threadId, known] of byThread) {
      if (known !== streamId) continue;
      byThread.set(threadId, null);
      storage()?.removeItem(key(threadId));
    }
    begunHere.delete(streamId);
    threadOf.delete(streamId);
    notify();
  };

  return {
    getStreamId,
    setStreamId(streamId, threadId) {
      begunHere.add(streamId);
      for (const id of [threadId, threadOf.get(streamId)]) if (id) byThread.set(id, streamId);
      const shared = threadOf.get(streamId);
      if (shared) storage()?.setItem(key(shared), streamId);
      notify();
    },
    clear(threadId) {
      const streamId = getStreamId(threadId);
      if (streamId) forget(streamId);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    bind(streamId, threadId) {
      threadOf.set(streamId, threadId);
    },
    learn(threadId, streamId) {
      const known = getStreamId(threadId);
      if (known === streamId || (known && begunHere.has(known))) return;
      byThread.set(threadId, streamId);
      if (streamId) threadOf.set(streamId, threadId);
      else storage()?.removeItem(key(threadId));
      notify();
    },
    forget,
  };
}
