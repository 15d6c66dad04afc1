import { describe, expect, test } from 'vitest';
import { deleteConversation, restoreConversation, sendMessage, trashConversation } from '../../src/commands/conversation.ts';
import { stopRun } from '../../src/commands/run.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import { runStream } from '../../src/domain/run/index.ts';
import type { Kernel } from '../../src/main/kernel-parts.ts';
import { type Asked, askFor, endOf, eventsOf, runOf, settled, threadOf, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { person, readRun, textOf } from '../harness/memory-annals.ts';
import { called, said, saysThenHangs } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const stop = (kernel: Kernel, { conversationId, runId, messageId }: Asked) => kernel.tell(ada, stopRun({ conversationId, runId, messageId }));
const hangs = () => withModel((request, call) => (call === 1 ? saysThenHangs(request, 'Half') : said('Next')));
const waits = () => withModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'postcard' }) : said('Next')));
const again = (kernel: Kernel, { conversationId }: Asked, onActive: 'stop' | 'refuse') =>
  kernel.tell(ada, sendMessage({ conversationId, parts: [{ type: 'text', text: 'Again' }], reply: true, onActive }));

describe('stopping a run', () => {
  test('that streams ends it as cancelled, with its text and its usage once', async () => {
    const { played, options } = hangs();
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    expect(await stop(kernel, asked)).toMatchObject({ ok: true });
    expect(await settled(kernel, asked)).toBe('cancelled');
    const end = await endOf(disk, asked.runId);
    expect(end).toMatchObject({ outcome: 'cancelled', text: 'Half' });
    expect(end.usages).toEqual([expect.objectContaining({ estimated: true })]);
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Half');
    expect(played.calls).toHaveLength(1);
  });

  test('that waits ends it without another call, and counts no usage twice', async () => {
    const { played, options } = waits();
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
    await stop(kernel, asked);
    expect(await settled(kernel, asked)).toBe('cancelled');
    expect((await endOf(disk, asked.runId)).usages).toEqual([expect.any(Object), undefined]);
    expect(played.calls).toHaveLength(1);
  });

  test('that has not begun makes its beginning lose', async () => {
    const { played, options } = hangs();
    const idle = await start({ ...options, workers: false });
    const asked = await askFor(idle.kernel, ada, 'Hello');
    await stop(idle.kernel, asked);
    const { kernel } = await start({ ...options, disk: idle.disk });
    expect(await settled(kernel, asked)).toBe('cancelled');
    expect(await typesOf(idle.disk, runStream(asked.runId))).toEqual(['RunEnded']);
    expect(played.calls).toHaveLength(0);
  });

  test('that has ended, or twice, changes nothing', async () => {
    const { options } = hangs();
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    await Promise.all([stop(kernel, asked), stop(kernel, asked)]);
    await settled(kernel, asked);
    const before = await typesOf(disk, runStream(asked.runId));
    expect(await stop(kernel, asked)).toMatchObject({ ok: true });
    expect(await typesOf(disk, runStream(asked.runId))).toEqual(before);
    expect(before.filter((type) => type === 'StopRequested')).toHaveLength(1);
  });
});

describe.each([
  ['trashing', trashConversation],
  ['deleting', deleteConversation],
])('%s a thread', (verb, command) => {
  test.each([
    ['streams', hangs],
    ['waits', waits],
  ])('stops its run that %s, and the thread takes the settlement', async (how, model) => {
    const { options } = model();
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    if (how === 'waits') await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
    else await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    expect(await kernel.tell(ada, command({ conversationId: asked.conversationId }))).toMatchObject({ ok: true });
    expect(await settled(kernel, asked)).toBe('cancelled');
    expect((await typesOf(disk, conversationStream(asked.conversationId))).at(-1)).toBe('ReplySettled');
    if (verb === 'deleting') expect((await endOf(disk, asked.runId)).text).toBe('[erased]');
  });
});

test('an old trashing that is delivered again does not stop the run of a thread that was restored', async () => {
  const { options } = withModel((request, call) => (call === 1 ? said('One') : saysThenHangs(request, 'Half')));
  const { kernel, disk, stop: end } = await start(options);
  const first = await askFor(kernel, ada, 'Hello');
  await settled(kernel, first);
  await kernel.tell(ada, trashConversation({ conversationId: first.conversationId }));
  await kernel.tell(ada, restoreConversation({ conversationId: first.conversationId }));
  await end();
  const second = await start({ ...options, disk, workers: false });
  const asked = await askFor(second.kernel, ada, 'Again', { thread: first.conversationId });
  for (const name of await disk.state.collections()) await disk.state.drop(name);
  const third = await start({ ...options, disk });
  await until(() => third.kernel.reactions().every(({ inFlight, position }) => inFlight === 0 && Number(position) > 10));
  expect(await typesOf(disk, runStream(asked.runId))).not.toContain('StopRequested');
});

describe('a message sent while an answer is written', () => {
  test.each([
    ['streams', hangs],
    ['waits', waits],
  ])('with `refuse` is refused while the run %s', async (how, model) => {
    const { options } = model();
    const { kernel } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    await until(async () => (await runOf(kernel, asked.runId)).status === (how === 'waits' ? 'waiting' : 'streaming'));
    expect(await again(kernel, asked, 'refuse')).toMatchObject({ ok: false, error: { code: 'RunActive', details: { runId: asked.runId } } });
    expect((await threadOf(kernel, asked.conversationId)).active).toBe(asked.runId);
  });

  test.each([
    ['streams', hangs],
    ['waits', waits],
  ])('with `stop` ends the run that %s and is answered', async (how, model) => {
    const { options } = model();
    const { kernel, disk } = await start(options);
    const asked = await askFor(kernel, ada, 'Hello');
    if (how === 'waits') await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
    else await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    const told = await again(kernel, asked, 'stop');
    if (!told.ok || !told.result.runId) throw new Error(JSON.stringify(told));
    expect((await threadOf(kernel, asked.conversationId)).runs.get(asked.runId)?.outcome).toBe('cancelled');
    expect(await settled(kernel, { ...asked, runId: told.result.runId })).toBe('completed');
  });

  test('with `refuse` goes through when the run has ended and nobody has settled it', async () => {
    const { options } = withModel(() => said('Hi'));
    const idle = await start({ ...options, workers: false });
    const asked = await askFor(idle.kernel, ada, 'Hello');
    await stop(idle.kernel, asked);
    expect(await again(idle.kernel, asked, 'refuse')).toMatchObject({ ok: true });
    const settlements = (await eventsOf(idle.disk, conversationStream(asked.conversationId))).filter(({ type }) => type === 'ReplySettled');
    expect(settlements.map(({ data }) => data.outcome)).toEqual(['cancelled']);
  });
});
