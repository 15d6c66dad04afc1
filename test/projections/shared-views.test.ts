import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createMemoryBus } from '../../src/adapters/bus/memory.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { upcasting } from '../../src/adapters/event-store/upcast.ts';
import { createLeaseHolder } from '../../src/adapters/leases/hold.ts';
import { createMemoryLeases } from '../../src/adapters/leases/memory.ts';
import { event } from '../../src/domain/event.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { createRemoteProgress } from '../../src/projections/remote-progress.ts';
import { writeSharedViews } from '../../src/projections/shared-projector.ts';
import type { View } from '../../src/projections/view.ts';
import { until } from '../harness/until.ts';

event('Counted', 1, {});
const count: View = {
  name: 'count',
  version: 1,
  types: ['Counted'],
  indexes: [],
  keys: ({ stream }) => [stream],
  fold: (doc, { data }) => (data.newer === undefined ? { count: Number(doc?.count ?? 0) + 1 } : undefined),
};
const others: View = { ...count, name: 'others', types: ['Other'] };

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

/** One installation's servers, and processes around them. */
async function world() {
  const store = createMemoryEventStore();
  const documents = createMemoryDocumentStore();
  const leases = createMemoryLeases();
  const bus = createMemoryBus();
  const problems: string[] = [];
  const run = (work: (signal: AbortSignal) => Promise<unknown>): (() => Promise<unknown>) => {
    const stop = new AbortController();
    const running = work(stop.signal);
    const end = async (): Promise<unknown> => {
      stop.abort();
      return running;
    };
    ending.push(end);
    return end;
  };
  const epoch = await store.epoch();
  return {
    problems,
    leases,
    documents,
    append: async (type: string, version = 1) => {
      const metadata = {
        $correlationId: 'c',
        $causationId: 'c',
        commandId: 'c',
        commandHash: '',
        actor: 'a',
        subject: 'person_a' as PersonId,
        time: new Date(0).toISOString(),
      };
      const appended = await store.append('s-1', [{ id: randomUUID(), type, version, data: {}, metadata }], 'any');
      return appended.ok ? appended.position : '';
    },
    writer: (name: string) => {
      const hold = createLeaseHolder({ leases, holder: name, ttlMs: 5000, pollMs: 10 });
      const parts = {
        store: upcasting(store, {}, String),
        documents,
        views: [count, others],
        hold,
        bus,
        onProblem: (problem: string) => problems.push(problem),
      };
      return run((signal) => writeSharedViews(parts, signal));
    },
    reader: () => {
      const progress = createRemoteProgress({ documents, bus, views: [count, others], epoch });
      run((signal) => progress.run(signal));
      return progress;
    },
    writerOf: async (view: string) => (await leases.read(`view/${view}@1`))?.holder,
    count: async () => (await documents.getMany('count@1', ['s-1'])).get('s-1')?.doc.count,
  };
}

test('one process writes a view at a time, every other sees how far it has come, and when it stops another goes on', async () => {
  const { append, writer, reader, writerOf, count: counted } = await world();
  const first = writer('first');
  await until(async () => (await writerOf('count')) === 'first');
  writer('second');
  const progress = reader();
  expect(await progress.waitFor(['count', 'others'], await append('Counted'), { timeoutMs: 10_000 })).toBe(true);
  expect(await writerOf('count')).toBe('first');
  await first();
  await until(async () => (await writerOf('count')) === 'second');
  expect(await progress.waitFor(['count'], await append('Counted'), { timeoutMs: 10_000 })).toBe(true);
  expect(await counted()).toBe(2);
});

test('whoever only reads knows from what is saved, when the bus is silent, that a view has caught up', async () => {
  const { append, writer, reader } = await world();
  const end = writer('first');
  const position = await append('Counted');
  await reader().waitFor(['count'], position, { timeoutMs: 10_000 });
  await end();
  const late = reader();
  expect(await late.waitFor(['count'], position, { timeoutMs: 10_000 })).toBe(true);
  await until(() => late.status().every(({ state }) => state === 'live'));
});

test('a view is built anew by its writer at the wish of any process', async () => {
  const { append, writer, reader } = await world();
  writer('first');
  const progress = reader();
  await progress.waitFor(['count'], await append('Counted'), { timeoutMs: 10_000 });
  expect(await progress.rebuild('count')).toEqual({ view: 'count', events: 1, documents: 1, equal: true });
});

test('an event of a newer release is left to it: this one gives up the view and folds nothing of it, and goes on with the others', async () => {
  const { append, writer, reader, writerOf, count: counted, problems } = await world();
  writer('old');
  const progress = reader();
  await progress.waitFor(['count'], await append('Counted'), { timeoutMs: 10_000 });
  await append('Counted', 2);
  await until(async () => (await writerOf('count')) === '');
  expect(await counted()).toBe(1);
  expect(problems).toEqual([expect.stringContaining('newer release (Counted version 2')]);
  expect(await progress.waitFor(['others'], await append('Other'), { timeoutMs: 10_000 })).toBe(true);
  expect(await writerOf('others')).toBe('old');
});
