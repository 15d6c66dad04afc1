import { expect, test } from 'vitest';
import { createMemoryEventStore } from '../../../src/adapters/event-store/memory.ts';
import { START } from '../../../src/adapters/event-store/port.ts';
import { type Upcasters, upcasting } from '../../../src/adapters/event-store/upcast.ts';
import { collect, eventToAppend, tailUntil } from '../../contract/event-store-samples.ts';

const upcasters: Upcasters = {
  NoteTaken: { 1: ({ text, ...rest }) => ({ ...rest, words: String(text).split(' ') }), 2: (data) => ({ ...data, language: 'unknown' }) },
  Strict: {
    1: () => {
      throw new Error('there never was such an event');
    },
  },
};

async function storeWith(...events: { type: string; version: number; data: { text: string } }[]) {
  const plain = createMemoryEventStore();
  await plain.append(
    'note-1',
    events.map((event) => ({ ...eventToAppend(), ...event })),
    'noStream',
  );
  return { plain, store: upcasting(plain, upcasters, String) };
}

test('every stored version comes out in the newest one, from reads and tails alike, and stays as it is in the store', async () => {
  const data = { text: 'two words' };
  const { plain, store } = await storeWith(
    { type: 'NoteTaken', version: 1, data },
    { type: 'NoteTaken', version: 2, data },
    { type: 'NoteTaken', version: 3, data },
    { type: 'Other', version: 1, data },
  );
  const read = await collect(store.read('note-1'));
  expect(read.map(({ version, data }) => ({ version, data }))).toEqual([
    { version: 3, data: { words: ['two', 'words'], language: 'unknown' } },
    { version: 3, data: { ...data, language: 'unknown' } },
    { version: 3, data },
    { version: 1, data },
  ]);
  const batches = await tailUntil(store, START, (sofar) => sofar.at(-1)?.caughtUp === true);
  expect(batches.flatMap(({ events }) => events)).toEqual(read);
  expect((await collect(plain.read('note-1'))).map(({ version }) => version)).toEqual([1, 2, 3, 1]);
});

test('an event that its upcaster rejects stops only who looks at its data', async () => {
  const { store } = await storeWith({ type: 'Strict', version: 1, data: { text: '' } }, { type: 'Other', version: 1, data: { text: 'after' } });
  const [rejected, next] = await collect(store.read('note-1'));
  expect(rejected).toMatchObject({ type: 'Strict', revision: 0n });
  expect(() => rejected?.data).toThrow(/Strict version 1, note-1 revision 0.*there never was such an event/);
  expect(next?.data).toEqual({ text: 'after' });
});

test('a chain of upcasters with a gap is refused at once', () => {
  const same = (data: object) => ({ ...data });
  expect(() => upcasting(createMemoryEventStore(), { NoteTaken: { 1: same, 3: same } }, String)).toThrow('gap before version 3');
});
