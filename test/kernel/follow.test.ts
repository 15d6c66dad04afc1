import { describe, expect, test } from 'vitest';
import { renameConversation } from '../../src/commands/conversation.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import type { RunItem } from '../../src/domain/message.ts';
import { listConversations } from '../../src/projections/queries/conversations.ts';
import { askFor, eventsOf, settled } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { newDisk, person, readRun, textOf } from '../harness/memory-annals.ts';
import { said } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const [ada, bob] = [person('ada'), person('bob')];

describe('following a run', () => {
  test('is valid from its request on, and gives the answer once somebody writes it', async () => {
    const { options } = withModel(() => said('Hi'));
    const idle = await start({ ...options, workers: false });
    const asked = await askFor(idle.kernel, ada, 'Hello');
    const stop = new AbortController();
    const early = readRun(idle.kernel, ada, asked.conversationId, asked.runId, { signal: stop.signal });
    stop.abort();
    expect(await early).toEqual([]);
    const { kernel } = await start({ ...options, disk: idle.disk });
    const items = await readRun(kernel, ada, asked.conversationId, asked.runId);
    expect(items.map(({ type }) => type)).toEqual(['start', 'step-start', 'text', 'finish']);
  });

  test('answers another person as if there were no such run', async () => {
    const { kernel, disk } = await start(withModel(() => said('Hi')).options);
    const { conversationId, runId } = await askFor(kernel, ada, 'Hello');
    const signal = AbortSignal.timeout(20_000);
    const [foreign, absent] = [
      await kernel.follow(bob, { topic: 'run', conversationId, runId }, { signal }),
      await kernel.follow(bob, { topic: 'run', conversationId: 'thread_none' as never, runId }, { signal }),
    ];
    expect(JSON.stringify(foreign)).toBe(JSON.stringify(absent));
    expect(foreign).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    await kernel.refusals.flush();
    expect((await eventsOf(disk, 'access-person_bob-2026-01-01')).map(({ data }) => [data.verb, data.target, data.count])).toEqual([
      ['follow', runId, 1],
      ['follow', runId, 1],
    ]);
  });

  test('finishes only when the thread is free for the next message', async () => {
    const { kernel } = await start(withModel(() => said('Hi')).options);
    const first = await askFor(kernel, ada, 'Hello');
    for (let round = 0; round < 10; round++) {
      const { conversationId, runId } = round === 0 ? first : await askFor(kernel, ada, 'More', { thread: first.conversationId });
      expect((await readRun(kernel, ada, conversationId, runId)).at(-1)).toMatchObject({ type: 'finish', outcome: 'completed' });
    }
  });

  test('that has lost its live log gives the whole answer from the events', async () => {
    const { kernel, disk } = await start(withModel(() => [{ type: 'reasoning', text: 'hm' }, ...said('One ', 'two')]).options);
    const asked = await askFor(kernel, ada, 'Hello');
    await settled(kernel, asked);
    await until(async () => kernel.reactions().every(({ inFlight }) => inFlight === 0));
    await disk.liveLog.expire(asked.runId, 0);
    await disk.liveLog.sweep(1);
    const items = await readRun(kernel, ada, asked.conversationId, asked.runId);
    expect(items.map((item: RunItem) => (item.type === 'reasoning' || item.type === 'text' ? item.delta : item.type))).toEqual([
      'start',
      'step-start',
      'hm',
      'One two',
      'finish',
    ]);
  });

  test('a day after its end the live log is let go, however the run ended', async () => {
    const { kernel, disk, clock } = await start(withModel(() => said('Hi')).options);
    const asked = await askFor(kernel, ada, 'Hello');
    await settled(kernel, asked);
    const head = await disk.store.head();
    await until(() => kernel.reactions().every(({ position, inFlight }) => inFlight === 0 && position >= head));
    clock.now = new Date('2026-01-01T23:59:59.999Z');
    await kernel.sweep();
    expect(await disk.liveLog.read(asked.runId)).not.toEqual([]);
    clock.now = new Date('2026-01-02T00:00:00.000Z');
    await kernel.sweep();
    expect(await disk.liveLog.read(asked.runId)).toEqual([]);
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Hi');
  });
});

const broken = (): never => {
  throw new Error('this row cannot be folded any further');
};

test('a view that an event has halted stops neither answers, nor commands, nor queries', async () => {
  const disk = await newDisk();
  const documents: typeof disk.documents = {
    ...disk.documents,
    getMany: async <Doc extends JsonObject>(collection: string, ids: readonly string[]) => {
      const found = await disk.documents.getMany<Doc>(collection, ids);
      if (collection.startsWith('conversations@'))
        for (const { doc } of found.values()) Object.defineProperty(doc, 'title', { get: broken, enumerable: true });
      return found;
    },
  };
  const { kernel } = await start({ ...withModel(() => said('Hi')).options, disk: { ...disk, documents } });
  const asked = await askFor(kernel, ada, 'Hello');
  expect(await settled(kernel, asked)).toBe('completed');
  const renamed = await kernel.tell(ada, renameConversation({ conversationId: asked.conversationId, title: 'Still here' }));
  if (!renamed.ok) throw new Error(renamed.error.code);
  await until(async () => (await kernel.health()).problems.some((problem) => problem.includes('view conversations')));
  const listed = await kernel.ask(ada, listConversations({} as never), { after: renamed.position, timeoutMs: 60_000 });
  expect(listed).toMatchObject({ ok: true });
  expect(listed.ok && listed.position < renamed.position).toBe(true);
});
