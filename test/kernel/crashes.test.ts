import { describe, expect, test } from 'vitest';
import { sendMessage, startConversation } from '../../src/commands/conversation.ts';
import { answerApproval, stopRun } from '../../src/commands/run.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import { runStream } from '../../src/domain/run/index.ts';
import { askFor, endOf, eventsOf, runOf, settled, startThread, threadOf, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { closeDisks, type Disk, newDisk, person, readRun, type StartOptions, startAnnals, textOf } from '../harness/memory-annals.ts';
import { called, said, saysThenHangs, usage } from '../harness/played-model.ts';
import type { Write } from '../harness/severed.ts';
import { until } from '../harness/until.ts';

const ada = person('ada');
const start = installations();

const types = ({ part, method, args }: Write): readonly string[] =>
  part === 'store' && method === 'append' ? (args[1] as { type: string }[]).map(({ type }) => type) : [];
const at = (type: string, when: 'before' | 'after') => (write: Write) => (types(write).includes(type) ? when : undefined);
/** What a dead process would have answered never comes. */
const give = (work: Promise<unknown>): void => void work.catch(() => undefined);
const waitsAtPostcard = (after: string) =>
  withModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'postcard', input: { to: 'Bob' } }) : said(after)));

const firstQuestion = async (disk: Disk, options: StartOptions, text = 'Hello') => {
  const installation = await start({ ...options, disk });
  const asked = await askFor(installation.kernel, ada, text);
  return { installation, asked };
};

describe('a run whose process dies', () => {
  test('before it was begun is answered by the next process', async () => {
    const disk = await newDisk();
    const { played, options } = withModel(() => said('Hi'));
    const { asked, installation } = await firstQuestion(disk, { ...options, crashPoint: at('RunStarted', 'before') });
    await installation.crashed;
    expect(await typesOf(disk, runStream(asked.runId))).toEqual([]);
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('completed');
    expect(played.calls).toHaveLength(1);
  });

  test('after its beginning, with nothing sent, gets a new attempt', async () => {
    const disk = await newDisk();
    const { played, options } = withModel((request, call) => (call === 1 ? saysThenHangs(request) : said('Hi')));
    const { asked, installation } = await firstQuestion(disk, options);
    await until(() => played.calls.length === 1);
    installation.crash();
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('completed');
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Hi');
    expect(played.calls).toHaveLength(2);
    const attempts = (await eventsOf(disk, runStream(asked.runId))).flatMap(({ type, data }) =>
      type === 'ModelCallStarted' ? [[data.epoch, data.step, data.attempt]] : [],
    );
    expect(attempts).toEqual([
      [1, 0, 1],
      [2, 0, 2],
    ]);
  });

  test('after text was sent is interrupted with that text, and the provider is not asked again', async () => {
    const disk = await newDisk();
    const { played, options } = withModel((request) => saysThenHangs(request, 'Half ', 'an answer'));
    const { asked, installation } = await firstQuestion(disk, options);
    const seen: string[] = [];
    const following = await installation.kernel.follow(
      ada,
      { topic: 'run', conversationId: asked.conversationId, runId: asked.runId },
      { signal: AbortSignal.timeout(20_000) },
    );
    if (!following.ok) throw new Error(following.error.code);
    for await (const { item } of following.items) {
      if (item.type === 'text') seen.push(item.delta);
      if (seen.join('') === 'Half an answer') break;
    }
    installation.crash();
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('interrupted');
    expect(await endOf(disk, asked.runId)).toMatchObject({ outcome: 'interrupted', text: 'Half an answer', error: { code: 'Interrupted' } });
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Half an answer');
    expect(played.calls).toHaveLength(1);
  });

  test('while it waits for an approval waits on, and is answered after it', async () => {
    const disk = await newDisk();
    const { played, options } = waitsAtPostcard('Sent');
    const { asked, installation } = await firstQuestion(disk, options);
    const items = await readRun(installation.kernel, ada, asked.conversationId, asked.runId);
    expect(items.at(-1)).toEqual({ type: 'waiting' });
    installation.crash();
    const { kernel } = await start({ ...options, disk });
    expect((await runOf(kernel, asked.runId)).status).toBe('waiting');
    const [call] = [...(await runOf(kernel, asked.runId)).calls.values()];
    await kernel.tell(ada, answerApproval({ ...asked, approvalId: call?.approvalId ?? '', approved: true }));
    expect(await settled(kernel, asked)).toBe('completed');
    expect(played.calls).toHaveLength(2);
    expect((await endOf(disk, asked.runId)).usages).toEqual([usage, usage]);
  });

  test('between two steps goes on from what is recorded', async () => {
    const disk = await newDisk();
    const { played, options } = withModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'unknown' }) : said('Well')));
    const { asked, installation } = await firstQuestion(disk, { ...options, crashPoint: at('StepCompleted', 'after') });
    await installation.crashed;
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('completed');
    expect(played.calls).toHaveLength(2);
    expect(textOf(await readRun(kernel, ada, asked.conversationId, asked.runId))).toBe('Well');
  });

  test('after its end and before the settlement is settled by a reaction', async () => {
    const disk = await newDisk();
    const { played, options } = withModel(() => said('Hi'));
    const { asked, installation } = await firstQuestion(disk, { ...options, crashPoint: at('RunEnded', 'after') });
    await installation.crashed;
    expect((await typesOf(disk, conversationStream(asked.conversationId))).at(-1)).not.toBe('ReplySettled');
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('completed');
    expect(played.calls).toHaveLength(1);
  });

  test('after its end and before the settlement does not hold up the next message', async () => {
    const disk = await newDisk();
    const { options } = withModel(() => said('Hi'));
    const { asked, installation } = await firstQuestion(disk, { ...options, crashPoint: at('RunEnded', 'after') });
    await installation.crashed;
    const { kernel } = await start({ ...options, disk, workers: false });
    const told = await kernel.tell(
      ada,
      sendMessage({ conversationId: asked.conversationId, parts: [{ type: 'text', text: 'More' }], reply: true, onActive: 'refuse' }),
    );
    expect(told.ok).toBe(true);
    expect((await threadOf(kernel, asked.conversationId)).runs.get(asked.runId)?.outcome).toBe('completed');
  });

  test('after a stop was asked for ends as cancelled', async () => {
    const disk = await newDisk();
    const { played, options } = withModel((request) => saysThenHangs(request, 'Half'));
    const { asked, installation } = await firstQuestion(disk, { ...options, crashPoint: at('StopRequested', 'after') });
    await until(async () => (await disk.liveLog.read(asked.runId)).length > 0);
    give(installation.kernel.tell(ada, stopRun({ conversationId: asked.conversationId, runId: asked.runId, messageId: asked.messageId })));
    await installation.crashed;
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('cancelled');
    expect(await endOf(disk, asked.runId)).toMatchObject({ outcome: 'cancelled', text: 'Half' });
    expect(played.calls).toHaveLength(1);
  });
});

/** On servers, where each takes seconds, not every write is tried. */
const STEP = process.env.ANNALS_TEST_DISK === 'servers' ? 19 : 1;

describe('whatever write a process dies at', () => {
  /** A thread with an answer and one with a tool call that is approved; dies at the n-th write. */
  const play = async (crashAt: number, when: 'before' | 'after'): Promise<{ died: boolean; calls: number }> => {
    const disk = await newDisk();
    await using _disk = { [Symbol.asyncDispose]: closeDisks };
    let writes = 0;
    let died = false;
    const { played, options } = withModel((request) => {
      const told = JSON.stringify(request.messages);
      return told.includes('card') && !told.includes('"tool"')
        ? called({ id: 'call_1', name: 'postcard', input: { to: 'Bob' } })
        : said('Some ', 'text');
    });
    const crashPoint = ({ part }: Write) => {
      if (part === 'documents' || died) return undefined;
      writes += 1;
      died = writes === crashAt;
      return died ? when : undefined;
    };
    const first = await startAnnals({ ...options, disk, crashPoint });
    await using _first = { [Symbol.asyncDispose]: first.stop };
    const work = (async () => {
      const plain = await askFor(first.kernel, ada, 'plain');
      const card = await askFor(first.kernel, ada, 'card');
      await settled(first.kernel, plain);
      await until(async () => (await runOf(first.kernel, card.runId)).status === 'waiting');
      const [call] = [...(await runOf(first.kernel, card.runId)).calls.values()];
      await first.kernel.tell(ada, answerApproval({ ...card, approvalId: call?.approvalId ?? '', approved: true }));
      await settled(first.kernel, card);
    })();
    await Promise.race([work, first.crashed]);
    give(work);
    if (!died) return { died, calls: played.calls.length };
    const second = await startAnnals({ ...options, disk });
    await using _second = { [Symbol.asyncDispose]: second.stop };
    const { kernel } = second;
    const requested: { conversationId: string; runId: string }[] = [];
    const stop = new AbortController();
    for await (const batch of disk.store.tail('0'.repeat(20), { signal: stop.signal })) {
      for (const { type, data } of batch.events) if (type === 'ReplyRequested') requested.push(data as never);
      if (batch.caughtUp) break;
    }
    stop.abort();
    for (const { conversationId, runId } of requested) {
      await until(
        async () =>
          (await runOf(kernel, runId)).status === 'waiting' ||
          (await threadOf(kernel, conversationId)).runs.get(runId as never)?.outcome !== undefined,
      );
      const [call] = [...(await runOf(kernel, runId)).calls.values()];
      const { messageId } = (await threadOf(kernel, conversationId)).runs.get(runId as never) ?? {};
      if ((await runOf(kernel, runId)).status === 'waiting') {
        await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId: call?.approvalId ?? '', approved: true } as never));
      }
      const outcome = await settled(kernel, { conversationId, runId } as never);
      expect(['completed', 'interrupted']).toContain(outcome);
      const end = await endOf(disk, runId);
      expect(textOf(await readRun(kernel, ada, conversationId, runId))).toContain(end.text);
      if (outcome === 'completed') expect(end.text).toBe('Some text');
    }
    return { died, calls: played.calls.length };
  };

  test.each(['before', 'after'] as const)('%s it, every answer comes to one end and says what was read', async (when) => {
    const whole = await play(Number.POSITIVE_INFINITY, when);
    expect(whole.calls).toBe(3);
    for (let crashAt = when === 'before' ? 1 : STEP; ; crashAt += STEP) {
      const { died, calls } = await play(crashAt, when);
      // A call of each answer may have died with the process before it had said anything.
      expect(calls, `at write ${crashAt}`).toBeLessThanOrEqual(whole.calls + 2);
      if (died) continue;
      expect(crashAt).toBeGreaterThan(40);
      break;
    }
  });
});

test('a thread begun twice with one key across a crash is one thread', async () => {
  const disk = await newDisk();
  const first = await start({ disk, crashPoint: at('ConversationStarted', 'after') });
  give(first.kernel.tell(ada, startConversation({}), { key: 'one' }));
  await first.crashed;
  const { kernel } = await start({ disk });
  const told = await kernel.tell(ada, startConversation({}), { key: 'one' });
  expect(told).toMatchObject({ ok: true, duplicate: true });
  const other = await startThread(kernel, ada);
  expect(told.ok && told.result.conversationId).not.toBe(other);
});
