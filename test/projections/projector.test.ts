import { describe, expect, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import type { DocumentStore } from '../../src/adapters/document-store/port.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { createProgress } from '../../src/projections/progress.ts';
import { createProjector, type Projector } from '../../src/projections/projector.ts';
import { collectionOf, type View } from '../../src/projections/view.ts';

const word = (text: string, targets: string[], index: number) => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  type: 'Word',
  version: 1,
  data: { text, targets },
  metadata: {
    $correlationId: '',
    $causationId: '',
    commandId: '',
    commandHash: '',
    actor: 'a',
    subject: 'person_a' as PersonId,
    time: '2026-01-01T00:00:00.000Z',
  },
});
const write = async (store: EventStore, ...words: [text: string, ...targets: string[]][]): Promise<void> => {
  for (const [text, ...targets] of words) await store.append('words-1', [word(text, targets, Number(await store.head()) + 1)], 'any');
};

/** The texts that came for each target, in order; cannot take the text `poison` for a target named `weak`. */
const texts = (name: string, poisoned = true): View<{ texts: string[] }> => ({
  name,
  version: 1,
  types: ['Word'],
  indexes: [],
  keys: ({ data }) => data.targets as string[],
  fold: (doc, { data }) => {
    const { text, targets } = data as { text: string; targets: string[] };
    if (poisoned && text === 'poison' && targets.includes('weak') && (doc?.texts ?? []).includes('weak is here')) throw new Error('cannot take it');
    return { texts: [...(doc?.texts ?? []), text] };
  },
});
const plain = texts('plain', false);
const weak = texts('weak');
const idle: View = { name: 'idle', version: 1, types: ['Nothing'], indexes: [], keys: () => [], fold: () => undefined };

const running = (store: EventStore, documents: DocumentStore, views: readonly View[]) => {
  const stop = new AbortController();
  const projector: Projector = createProjector({ store, documents, views, onProgress: (statuses) => progress.report(statuses) });
  const progress = createProgress([], projector.rebuild);
  const done = projector.run(stop.signal);
  return {
    projector,
    progress,
    seen: async () =>
      progress.waitFor(
        views.map(({ name }) => name),
        await store.head(),
        { timeoutMs: 20_000 },
      ),
    stop: async () => {
      stop.abort();
      await done;
    },
  };
};
const all = async (documents: DocumentStore, view: View): Promise<Record<string, unknown>> =>
  Object.fromEntries((await documents.find(collectionOf(view), {})).documents.map(({ id, doc }) => [id, doc.texts]));
const at = (projector: Projector, name: string) => projector.status().find(({ view }) => view === name);

describe('an event that a view cannot take', () => {
  test('halts that view before it, leaves no trace in any of its documents, and the others go on', async () => {
    const [store, documents] = [createMemoryEventStore(), createMemoryDocumentStore()];
    await write(store, ['weak is here', 'weak'], ['one', 'strong'], ['poison', 'strong', 'weak'], ['two', 'strong']);
    const { projector, seen, stop } = running(store, documents, [plain, weak]);
    expect(await seen()).toBe(true);
    await write(store, ['three', 'strong']);
    await seen();
    expect(await all(documents, plain)).toEqual({ strong: ['one', 'poison', 'two', 'three'], weak: ['weak is here', 'poison'] });
    expect(await all(documents, weak)).toEqual({ strong: ['one'], weak: ['weak is here'] });
    expect(at(projector, 'weak')).toMatchObject({
      state: 'halted',
      position: '00000000000000000002',
      reason: expect.stringContaining('cannot take it'),
    });
    expect(at(projector, 'plain')).toMatchObject({ state: 'live', position: '00000000000000000005' });
    await stop();
  });

  test('is taken by a release that can, and nothing is skipped', async () => {
    const [store, documents] = [createMemoryEventStore(), createMemoryDocumentStore()];
    await write(store, ['weak is here', 'weak'], ['poison', 'strong', 'weak'], ['two', 'strong']);
    const before = running(store, documents, [weak]);
    await before.seen();
    await before.stop();
    const after = running(store, documents, [texts('weak', false)]);
    await after.seen();
    expect(await all(documents, weak)).toEqual({ strong: ['poison', 'two'], weak: ['weak is here', 'poison'] });
    expect(at(after.projector, 'weak')?.state).toBe('live');
    await after.stop();
  });

  test('that a rebuild can take leaves a whole view, with what came in between and what comes after', async () => {
    const [store, documents] = [createMemoryEventStore(), createMemoryDocumentStore()];
    let poisoned = true;
    const view: View<{ texts: string[] }> = { ...weak, fold: (doc, event) => texts('weak', poisoned).fold(doc, event) };
    const { projector, seen, stop } = running(store, documents, [view, plain]);
    await write(store, ['weak is here', 'weak'], ['poison', 'strong', 'weak'], ['two', 'strong']);
    await seen();
    expect(at(projector, 'weak')?.state).toBe('halted');
    await expect(projector.rebuild('weak')).rejects.toThrow('cannot take it');
    expect(at(projector, 'weak')?.state).toBe('halted');
    poisoned = false;
    await projector.rebuild('weak');
    await write(store, ['three', 'strong']);
    await seen();
    expect(await all(documents, view)).toEqual({ strong: ['poison', 'two', 'three'], weak: ['weak is here', 'poison'] });
    expect(at(projector, 'weak')).toMatchObject({ state: 'live', position: await store.head() });
    await stop();
  });
});

test('under an older log every view is built anew, also one that has folded nothing yet', async () => {
  const documents = createMemoryDocumentStore();
  const newer = createMemoryEventStore({ epoch: 'one' });
  await write(newer, ['one', 'a'], ['lost', 'a'], ['lost too', 'a']);
  const before = running(newer, documents, [plain, idle]);
  await before.seen();
  await before.stop();
  expect((await documents.checkpoint(collectionOf(idle)))?.position).toBe('00000000000000000003');
  const older = createMemoryEventStore({ epoch: 'one' });
  await write(older, ['one', 'a']);
  const after = running(older, documents, [plain, idle]);
  await after.seen();
  expect(await all(documents, plain)).toEqual({ a: ['one'] });
  expect(at(after.projector, 'idle')?.position).toBe('00000000000000000001');
  await write(older, ['new', 'a']);
  await after.seen();
  expect(await all(documents, plain)).toEqual({ a: ['one', 'new'] });
  await after.stop();
});

test('a view of another epoch is built anew', async () => {
  const documents = createMemoryDocumentStore();
  for (const [epoch, text] of [
    ['one', 'first'],
    ['two', 'second'],
  ] as const) {
    const store = createMemoryEventStore({ epoch });
    await write(store, [text, 'a']);
    const { seen, stop } = running(store, documents, [plain]);
    await seen();
    await stop();
    expect(await all(documents, plain)).toEqual({ a: [text] });
  }
});

test('who waits for a view that has halted is answered at once', async () => {
  const progress = createProgress([{ view: 'weak', version: 1, state: 'halted', position: '00000000000000000002', lagMs: 0 }], () =>
    Promise.reject(new Error('no')),
  );
  expect(await progress.waitFor(['weak'], '00000000000000000009', { timeoutMs: 600_000 })).toBe(true);
  const stopped = AbortSignal.abort();
  expect(await createProgress([], () => Promise.reject(new Error('no'))).waitFor(['weak'], '1', { timeoutMs: 600_000, signal: stopped })).toBe(false);
});
