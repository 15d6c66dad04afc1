import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import type { DocumentStore } from '../../src/adapters/document-store/port.ts';
import type { EventStore, TailBatch } from '../../src/adapters/event-store/port.ts';
import { START } from '../../src/adapters/event-store/port.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { createProjector } from '../../src/projections/projector.ts';
import { collectionOf, type View } from '../../src/projections/view.ts';

/** A log that is given, handed out in the batches that are given; after the last it is caught up. */
function givenLog(events: readonly RecordedEvent[], sizes: readonly number[]): EventStore {
  return {
    append: () => Promise.reject(new Error('read only')),
    async *read(stream, { from = 0n } = {}) {
      for (const event of events) if (event.stream === stream && event.revision >= from) yield event;
    },
    async *tail(after, { signal }) {
      let rest = events.filter(({ position }) => position > after);
      for (let turn = 0; rest.length > 0; turn++) {
        const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
        const batch = rest.slice(0, size);
        rest = rest.slice(size);
        yield { events: batch, seen: batch.at(-1)?.position ?? after, caughtUp: rest.length === 0 } satisfies TailBatch;
      }
      if (events.every(({ position }) => position <= after)) yield { events: [], seen: events.at(-1)?.position ?? START, caughtUp: true };
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    head: async () => events.at(-1)?.position ?? START,
    epoch: async () => 'law',
    close: async () => undefined,
  };
}

const stopAfter = (documents: DocumentStore, commits: number): DocumentStore => {
  let left = commits;
  return {
    ...documents,
    commit: async (...args) => {
      if (left-- <= 0) throw new Error('crashed');
      await documents.commit(...args);
    },
  };
};

/** Runs the view over the log until it has seen the end; answers the digest. A crash throws. */
async function project(view: View, events: readonly RecordedEvent[], sizes: readonly number[], documents: DocumentStore): Promise<string> {
  const stop = new AbortController();
  const end = events.at(-1)?.position ?? START;
  const projector = createProjector({
    store: givenLog(events, sizes),
    documents,
    views: [view],
    onProgress: ([status]) => {
      if (status?.state === 'halted') throw new Error(status.reason);
      if (status && status.position >= end && status.state === 'live') stop.abort();
    },
  });
  await projector.run(stop.signal);
  return (await documents.digest(collectionOf(view))).digest;
}

/**
 * The laws of every view, on a log of real events: folding it in any batches, with repeats, through crashes between any two commits, or anew beside the old
 * one, gives the same bytes.
 */
export function viewLaws(view: View, log: () => Promise<readonly RecordedEvent[]>): void {
  describe(`the view ${view.name}`, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    const whole = async (): Promise<{ events: readonly RecordedEvent[]; digest: string }> => {
      const events = await log();
      return { events, digest: await project(view, events, [1000], createMemoryDocumentStore()) };
    };

    test('is the same in whatever batches the log comes', async () => {
      const { events, digest } = await whole();
      await fc.assert(
        fc.asyncProperty(sizes, async (batches) => {
          expect(await project(view, events, batches, createMemoryDocumentStore())).toBe(digest);
        }),
        { numRuns: 15 },
      );
    });

    test('is the same when events are delivered again', async () => {
      const { events, digest } = await whole();
      await fc.assert(
        fc.asyncProperty(sizes, fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 20 }), async (batches, repeats) => {
          const again = events.flatMap((event, index) => (repeats.includes(index) ? [event, event, event] : [event]));
          expect(await project(view, again, batches, createMemoryDocumentStore())).toBe(digest);
        }),
        { numRuns: 15 },
      );
    });

    test('is the same after a crash before any commit', async () => {
      const { events, digest } = await whole();
      await fc.assert(
        fc.asyncProperty(sizes, fc.nat({ max: 12 }), async (batches, commits) => {
          const documents = createMemoryDocumentStore();
          await project(view, events, batches, stopAfter(documents, commits)).catch(() => undefined);
          expect(await project(view, events, batches, documents)).toBe(digest);
        }),
        { numRuns: 15 },
      );
    });

    test('rebuilt beside the old one it has the same bytes as followed live', async () => {
      const { events } = await whole();
      const documents = createMemoryDocumentStore();
      const stop = new AbortController();
      const end = events.at(-1)?.position ?? START;
      let live: () => void;
      const isLive = new Promise<void>((resolve) => {
        live = resolve;
      });
      const projector = createProjector({
        store: givenLog(events, [7]),
        documents,
        views: [view],
        onProgress: ([status]) => status && status.position >= end && live(),
      });
      const running = projector.run(stop.signal);
      await isLive;
      expect((await projector.rebuild(view.name)).equal).toBe(true);
      stop.abort();
      await running;
    });
  });
}
