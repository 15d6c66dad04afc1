import { expect, test } from 'vitest';
import { answerApproval } from '../../src/commands/run.ts';
import { runStream } from '../../src/domain/run/index.ts';
import type { Kernel } from '../../src/main/kernel-parts.ts';
import { type Asked, askFor, endOf, runOf, settled, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { type Disk, person } from '../harness/memory-annals.ts';
import { called, said, usage } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const ada = person('ada');
const waits = () => withModel((_request, call) => (call === 1 ? called({ id: 'call_1', name: 'postcard' }) : said('Done')));
const seen = async (kernel: Kernel, disk: Disk) => kernel.progress.waitFor(['deadlines'], await disk.store.head(), { timeoutMs: 20_000 });
const waiting = async (kernel: Kernel, disk: Disk): Promise<Asked> => {
  const asked = await askFor(kernel, ada, 'Hello');
  await until(async () => (await runOf(kernel, asked.runId)).status === 'waiting');
  await seen(kernel, disk);
  return asked;
};

test('an approval that nobody answers expires when its time has come, once, and not before', async () => {
  const { played, options } = waits();
  const { kernel, disk, clock } = await start({ ...options, approvalMs: 1000 });
  const asked = await waiting(kernel, disk);
  clock.now = new Date('2026-01-01T00:00:00.999Z');
  await kernel.sweep();
  expect((await runOf(kernel, asked.runId)).status).toBe('waiting');
  clock.now = new Date('2026-01-01T00:00:01.000Z');
  await Promise.all([kernel.sweep(), kernel.sweep()]);
  expect(await settled(kernel, asked)).toBe('expired');
  await kernel.sweep();
  expect(await endOf(disk, asked.runId)).toMatchObject({ outcome: 'expired', error: { code: 'ApprovalExpired' }, usages: [usage, undefined] });
  expect(played.calls).toHaveLength(1);
});

test('an approval that was answered does not expire', async () => {
  const { options } = waits();
  const { kernel, disk, clock } = await start({ ...options, approvalMs: 1000 });
  const asked = await waiting(kernel, disk);
  const { conversationId, runId, messageId } = asked;
  const [call] = [...(await runOf(kernel, runId)).calls.values()];
  await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId: call?.approvalId ?? '', approved: false }));
  clock.now = new Date('2026-01-02T00:00:00.000Z');
  await kernel.sweep();
  expect(await settled(kernel, asked)).toBe('completed');
  await seen(kernel, disk);
  await kernel.sweep();
  expect((await typesOf(disk, runStream(runId))).filter((type) => type === 'RunEnded')).toHaveLength(1);
});

test('a deadline that passed while nobody was there is told at the next start, and an answer after it is refused', async () => {
  const { options } = waits();
  const first = await start({ ...options, approvalMs: 1000 });
  const asked = await waiting(first.kernel, first.disk);
  const { conversationId, runId, messageId } = asked;
  const [call] = [...(await runOf(first.kernel, runId)).calls.values()];
  first.crash();
  const { kernel } = await start({ ...options, disk: first.disk, clock: { now: new Date('2026-01-03T00:00:00.000Z') } });
  await kernel.sweep();
  expect(await settled(kernel, asked)).toBe('expired');
  const told = await kernel.tell(ada, answerApproval({ conversationId, runId, messageId, approvalId: call?.approvalId ?? '', approved: true }));
  expect(told).toMatchObject({ ok: false, error: { code: 'RunEnded', details: { outcome: 'expired' } } });
});
