import { describe, expect, test } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { renameConversation } from '../../src/commands/conversation.ts';
import { createRefusals } from '../../src/commands/refusals.ts';
import { eventsOf, startThread } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { person } from '../harness/memory-annals.ts';

const start = installations();
const [ada, visitor] = [person('ada'), person('visitor', 'anonymous')];
const refused = { verb: 'tell', what: 'renameConversation', code: 'NotFound', target: 'conversation-thread_1' } as const;
const day = 'access-person_ada-2026-01-01';

function recording() {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  const store = createMemoryEventStore();
  return { store, refusals: createRefusals({ store, now: () => clock.now }), pass: (ms: number) => (clock.now = new Date(clock.now.getTime() + ms)) };
}
const counts = async (store: ReturnType<typeof createMemoryEventStore>, stream = day) =>
  (await eventsOf({ store }, stream)).map(({ data }) => data.count);

describe('refusals of a person', () => {
  test('are recorded with what was refused and where, once a minute for the same', async () => {
    const { store, refusals, pass } = recording();
    for (let repeat = 0; repeat < 5; repeat++) refusals.record(ada, refused);
    refusals.record(ada, { ...refused, target: 'conversation-thread_2' });
    pass(60_000);
    refusals.record(ada, refused);
    await refusals.flush();
    expect(await counts(store)).toEqual([1, 1, 4, 1]);
    expect((await eventsOf({ store }, day))[0]).toMatchObject({
      type: 'AccessRefused',
      data: { ...refused, count: 1 },
      metadata: { actor: ada.id, subject: ada.id },
    });
  });

  test('are not what tells how things stand, or comes from a part of Annals', async () => {
    const { store, refusals } = recording();
    for (const code of ['AlreadySent', 'RunActive', 'Superseded', 'Conflict', 'OutcomeUnknown', 'StoreUnavailable', 'NotYetVisible'])
      refusals.record(ada, { ...refused, code });
    refusals.record({ ...ada, kind: 'service' }, refused);
    await refusals.flush();
    expect(await counts(store)).toEqual([]);
  });

  test('never hold text of a request', async () => {
    const { kernel, disk } = await start({ workers: false });
    const conversationId = await startThread(kernel, person('bob'));
    await kernel.tell(ada, renameConversation({ conversationId, title: 'Mandrake' }));
    await kernel.refusals.flush();
    const [event] = await eventsOf(disk, day);
    expect(event?.data).toEqual({ verb: 'tell', what: 'renameConversation', code: 'NotFound', target: `conversation-${conversationId}`, count: 1 });
  });

  test('that cannot be stored fail nothing', async () => {
    const { store, refusals } = recording();
    const broken = createRefusals({ store: { ...store, append: () => Promise.reject(new Error('gone')) }, now: () => new Date(0) });
    broken.record(ada, refused);
    await expect(broken.flush()).resolves.toBeUndefined();
    await refusals.flush();
  });
});

test('refusals of visitors and of requests without a principal are only counted', async () => {
  const { store, refusals } = recording();
  for (let repeat = 0; repeat < 3; repeat++) refusals.record(visitor, refused);
  refusals.unauthenticated('Unauthorized');
  await refusals.flush();
  await refusals.flush();
  const events = await eventsOf({ store }, 'access-person_visitors-2026-01-01');
  expect(events.map(({ type, data }) => [type, data])).toEqual([['AnonymousRefusalsCounted', { counts: { NotFound: 3, Unauthorized: 1 } }]]);
  expect(JSON.stringify(events.map(({ data, metadata }) => [data, metadata]))).not.toContain(visitor.id);
});

test('reading what is another’s is recorded with whose it is and who read it; reading one’s own, claimed or not, is no event', async () => {
  const { store, refusals } = recording();
  refusals.shown(ada, [ada.id], 'auiProjectMessages', 'thread_1');
  refusals.shown({ ...ada, claimed: [visitor.id] }, [visitor.id], 'auiProjectMessages', 'thread_1');
  refusals.shown(ada, ['person_bob', 'person_bob', ada.id], 'auiProjectMessages', 'thread_2');
  await refusals.flush();
  const read = {
    type: 'OthersDataRead',
    data: { what: 'auiProjectMessages', target: 'thread_2' },
    metadata: { actor: ada.id, subject: 'person_bob' },
  };
  expect(await eventsOf({ store }, day)).toEqual([expect.objectContaining({ ...read, metadata: expect.objectContaining(read.metadata) })]);
});
