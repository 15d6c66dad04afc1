import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import { command } from '../../src/commands/command.ts';
import { deleteConversation, renameConversation, sendMessage, setConversationMetadata, startConversation } from '../../src/commands/conversation.ts';
import { stopRun } from '../../src/commands/run.ts';
import { conversationStream, conversations } from '../../src/domain/conversation/index.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { eventsOf, startThread, threadOf, typesOf } from '../harness/chat.ts';
import { installations } from '../harness/installations.ts';
import { type Disk, newDisk, person } from '../harness/memory-annals.ts';

const start = installations();
const [ada, bob] = [person('ada'), person('bob')];
const idle = (disk?: Disk) => start({ workers: false, ...(disk ? { disk } : {}) });
const rename = (conversationId: ConversationId, title = 'Title') => renameConversation({ conversationId, title });
const say = (conversationId: ConversationId, text: string, reply = false) =>
  sendMessage({ conversationId, parts: [{ type: 'text', text }], reply, onActive: 'refuse' });

describe('what is refused', () => {
  test('for its shape names every field that is wrong', async () => {
    const { kernel } = await idle();
    const told = await kernel.tell(ada, sendMessage({ conversationId: 'nonsense', parts: [], reply: 'yes', onActive: 'refuse' } as never));
    expect(told).toMatchObject({ ok: false, error: { code: 'InvalidInput', details: { command: 'sendMessage' } } });
    for (const field of ['conversationId', 'parts', 'reply']) expect(!told.ok && told.error.message).toContain(`${field}: `);
  });

  test('as absent or as foreign is answered with the same bytes', async () => {
    const { kernel } = await idle();
    const foreign = await startThread(kernel, ada);
    const absent = 'thread_nobody' as ConversationId;
    const run = { runId: 'run_none' as never, messageId: 'msg_none' as never };
    for (const make of [
      (id: ConversationId) => rename(id),
      (id: ConversationId) => deleteConversation({ conversationId: id }),
      (id: ConversationId) => say(id, 'x', true),
      (id: ConversationId) => stopRun({ conversationId: id, ...run }),
    ]) {
      const [one, other] = [await kernel.tell<unknown>(bob, make(foreign)), await kernel.tell<unknown>(bob, make(absent))];
      expect(JSON.stringify(one)).toBe(JSON.stringify(other));
      expect(one).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    }
    expect(await kernel.tell(ada, stopRun({ conversationId: foreign, ...run }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  });

  test('by policy is refused before anything is decided', async () => {
    const { kernel, disk } = await idle();
    const conversationId = await startThread(kernel, ada);
    let decided = 0;
    const countedDecide: typeof conversations.decide = (...args) => {
      decided++;
      return conversations.decide(...args);
    };
    const watched = { ...conversations, decide: countedDecide };
    const spy = command('renameConversation', {
      input: z.object({ conversationId: z.string(), title: z.string() }),
      stream: (input) => conversationStream(input.conversationId),
      policy: ({ owner, principal }) => (owner === principal.id ? 'allow' : 'notFound'),
      aggregate: watched,
    });
    await kernel.tell(bob, spy({ conversationId, title: 'x' }));
    expect(decided).toBe(0);
    await kernel.tell(ada, spy({ conversationId, title: 'x' }));
    expect(decided).toBe(1);
    expect(await typesOf(disk, conversationStream(conversationId))).toEqual(['ConversationStarted', 'ConversationRenamed']);
  });

  test.each([undefined, null, true, 'allowed', Promise.resolve('allow')])('whenever a policy answers %s instead of a decision', async (answer) => {
    const { kernel, disk } = await idle();
    const conversationId = await startThread(kernel, ada);
    const broken = command('renameConversation', {
      input: z.object({ conversationId: z.string(), title: z.string() }),
      stream: (input) => conversationStream(input.conversationId),
      policy: () => answer as never,
      aggregate: conversations,
    });
    expect(await kernel.tell(ada, broken({ conversationId, title: 'x' }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await typesOf(disk, conversationStream(conversationId))).toEqual(['ConversationStarted']);
  });

  test('for its revision says where the stream stands', async () => {
    const { kernel } = await idle();
    const conversationId = await startThread(kernel, ada);
    expect(await kernel.tell(ada, rename(conversationId), { ifRevision: 7n })).toMatchObject({
      ok: false,
      error: { code: 'RevisionMismatch', details: { actual: '0' } },
    });
    expect(await kernel.tell(bob, rename(conversationId), { ifRevision: 7n })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await kernel.tell(ada, rename(conversationId), { ifRevision: 0n })).toMatchObject({ ok: true, revision: 1n });
  });
});

describe('a key that is used again', () => {
  test('answers the first result, however the thread stands now, and across a restart', async () => {
    const { kernel, disk } = await idle();
    const first = await kernel.tell(ada, startConversation({ title: 'One' }), { key: 'k' });
    if (!first.ok) throw new Error(first.error.code);
    const renamed = await kernel.tell(ada, rename(first.result.conversationId), { key: 'r', ifRevision: 0n });
    await kernel.tell(ada, rename(first.result.conversationId, 'Later'));
    for (const { kernel: any } of [{ kernel }, await idle(disk)]) {
      expect(await any.tell(ada, startConversation({ title: 'One' }), { key: 'k' })).toEqual({ ...first, duplicate: true });
      expect(await any.tell(ada, rename(first.result.conversationId), { key: 'r', ifRevision: 0n })).toEqual({ ...renamed, duplicate: true });
    }
    await kernel.tell(ada, deleteConversation({ conversationId: first.result.conversationId }));
    expect(await kernel.tell(ada, rename(first.result.conversationId), { key: 'r' })).toEqual({ ...renamed, duplicate: true });
  });

  test('with another body is an error, and with other order of fields is not', async () => {
    const { kernel } = await idle();
    const conversationId = await startThread(kernel, ada);
    await kernel.tell(ada, setConversationMetadata({ conversationId, metadata: { a: 1, b: 2 } }), { key: 'k' });
    expect(await kernel.tell(ada, setConversationMetadata({ conversationId, metadata: { a: 1, b: 3 } }), { key: 'k' })).toMatchObject({
      ok: false,
      error: { code: 'IdempotencyMismatch' },
    });
    expect(await kernel.tell(ada, setConversationMetadata({ conversationId, metadata: { b: 2, a: 1 } }), { key: 'k' })).toMatchObject({
      ok: true,
      duplicate: true,
    });
  });

  test('by another person, for another command or another thread is another command', async () => {
    const { kernel } = await idle();
    const told = await Promise.all([ada, bob].map((who) => kernel.tell(who, startConversation({}), { key: 'k' })));
    const ids = told.map((each) => each.ok && each.result.conversationId);
    expect(new Set(ids).size).toBe(2);
    const [own] = ids as ConversationId[];
    const other = await startThread(kernel, ada);
    for (const conversationId of [own, other] as ConversationId[])
      expect(await kernel.tell(ada, rename(conversationId), { key: 'k' })).toMatchObject({ ok: true, duplicate: false });
  });

  test('at the same moment, in one process or two, is stored once', async () => {
    const { kernel, disk } = await idle();
    const { kernel: second } = await idle(disk);
    const conversationId = await startThread(kernel, ada);
    const told = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? kernel : second).tell(ada, say(conversationId, 'Hello', true), { key: 'k' })),
    );
    const answers = told.map((each) => (each.ok ? JSON.stringify(each.result) : each.error.code));
    expect(new Set(answers).size).toBe(1);
    expect(told.every(({ ok }) => ok)).toBe(true);
    expect(await typesOf(disk, conversationStream(conversationId))).toEqual(['ConversationStarted', 'MessageSent', 'ReplyRequested']);
  });
});

describe('when the store', () => {
  type Append = EventStore['append'];
  const withAppend = (disk: Disk, append: (real: Append) => Append): Disk => ({
    ...disk,
    store: { ...disk.store, append: append(disk.store.append) },
  });

  test('says that another was first, the command is decided again on what is there now', async () => {
    const disk = await newDisk();
    const { kernel } = await idle(disk);
    const conversationId = await startThread(kernel, ada);
    let conflicts = 0;
    const busy = await idle(
      withAppend(disk, (real) => async (stream, events, expected, options) => {
        if (conflicts++ < 3) await kernel.tell(ada, rename(conversationId, `Other ${conflicts}`));
        return real(stream, events, expected, options);
      }),
    );
    expect(await busy.kernel.tell(ada, rename(conversationId, 'Mine'))).toMatchObject({ ok: true, revision: 4n });
    expect(await typesOf(disk, conversationStream(conversationId))).toHaveLength(5);
  });

  test('says so without end, the answer is Conflict and nothing is stored', async () => {
    const disk = await newDisk();
    const conversationId = await startThread((await idle(disk)).kernel, ada);
    const { kernel } = await idle(withAppend(disk, () => async () => ({ ok: false, code: 'WrongExpectedRevision' })));
    expect(await kernel.tell(ada, rename(conversationId))).toMatchObject({ ok: false, error: { code: 'Conflict' } });
  });

  test.each([true, false])('does not know its outcome (stored: %s), the same key settles it', async (stored) => {
    const disk = await newDisk();
    let unknown = 0;
    const { kernel } = await idle(
      withAppend(disk, (real) => async (stream, events, expected, options) => {
        if (events[0]?.type !== 'MessageSent' || unknown++ > 0) return real(stream, events, expected, options);
        if (stored) await real(stream, events, expected, options);
        return { ok: false, code: 'OutcomeUnknown', message: 'gone' };
      }),
    );
    const conversationId = await startThread(kernel, ada);
    expect(await kernel.tell(ada, say(conversationId, 'Hello'), { key: 'k' })).toMatchObject({ ok: false, error: { code: 'OutcomeUnknown' } });
    expect(await kernel.tell(ada, say(conversationId, 'Hello'), { key: 'k' })).toMatchObject({ ok: true, duplicate: stored });
    expect(await typesOf(disk, conversationStream(conversationId))).toEqual(['ConversationStarted', 'MessageSent']);
    expect((await threadOf(kernel, conversationId)).nodes.size).toBe(1);
  });
});

test('every event says who did it, whose it is, when, by which command, and what it came from', async () => {
  const { kernel, disk, clock } = await idle();
  clock.now = new Date('2026-02-03T04:05:06.789Z');
  const [commandId, correlationId, causationId] = [randomUUID(), randomUUID(), randomUUID()];
  const conversationId = await startThread(kernel, ada);
  const service = { id: 'person_annals' as never, kind: 'service' as const, roles: [], onBehalfOf: ada.id };
  await kernel.tell(service, say(conversationId, 'Hello', true), { commandId, correlationId, causationId });
  const events = (await eventsOf(disk, conversationStream(conversationId))).slice(1);
  expect(events).toHaveLength(2);
  for (const { metadata } of events) {
    expect(metadata).toMatchObject({
      commandId,
      $correlationId: correlationId,
      $causationId: causationId,
      actor: 'person_annals',
      subject: ada.id,
      time: '2026-02-03T04:05:06.789Z',
    });
    expect(metadata.commandHash).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('no text, title or file name stands in the log', async () => {
  const { kernel, disk } = await idle();
  const told = await kernel.tell(ada, startConversation({ title: 'Mandrake title', metadata: { note: 'Mandrake note' } }));
  if (!told.ok) throw new Error(told.error.code);
  const { conversationId } = told.result;
  await kernel.tell(
    ada,
    sendMessage({
      conversationId,
      parts: [{ type: 'text', text: 'Mandrake text' }],
      metadata: { m: 'Mandrake' },
      tools: [{ name: 'Mandrake', parameters: {} }],
      reply: true,
      onActive: 'refuse',
    }),
  );
  await kernel.tell(ada, rename(conversationId, 'Mandrake again'));
  const rows: unknown[] = [];
  const stop = new AbortController();
  for await (const { events, caughtUp } of disk.store.tail('0'.repeat(20), { signal: stop.signal })) {
    rows.push(...events);
    if (caughtUp) break;
  }
  stop.abort();
  expect(rows).toHaveLength(4);
  const stored = JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(stored).not.toContain('Mandrake');
  expect(stored).not.toContain(Buffer.from('Mandrake').toString('base64').slice(0, 10));
});
