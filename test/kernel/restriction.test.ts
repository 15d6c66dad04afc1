import { describe, expect, test } from 'vitest';
import { sendMessage } from '../../src/commands/conversation.ts';
import { claimAnonymous, objectToAnalytics, restrictProcessing } from '../../src/commands/person.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { getPrivacy } from '../../src/projections/queries/privacy.ts';
import { askFor, runOf, settled, startThread, typesOf } from '../harness/chat.ts';
import { installations, withModel } from '../harness/installations.ts';
import { administrator, newDisk, person } from '../harness/memory-annals.ts';
import { called, said } from '../harness/played-model.ts';
import { until } from '../harness/until.ts';

const start = installations();
const [ada, bob] = [person('ada'), person('bob')];
const visitor = person('visitor', 'anonymous');
const text = [{ type: 'text' as const, text: 'Hello' }];
const restrict = (restricted: boolean) => restrictProcessing({ person: ada.id, restricted });

describe('while the processing of somebody’s data is restricted', () => {
  test('no model is called for them, nothing is titled, and they are told what to do; what they write is kept', async () => {
    const { played, options } = withModel(() => said('Hi'));
    const { kernel, disk } = await start(options);
    expect(await kernel.tell(ada, restrict(true))).toMatchObject({ ok: true });
    const conversationId = await startThread(kernel, ada);
    const send = (reply: boolean) => kernel.tell(ada, sendMessage({ conversationId, parts: text, reply, onActive: 'refuse' }));
    expect(await send(true)).toMatchObject({ ok: false, error: { code: 'ProcessingRestricted', message: expect.stringContaining('lift') } });
    expect(await send(false)).toMatchObject({ ok: true });
    await settled(kernel, await askFor(kernel, bob, 'Hello'));
    const head = await disk.store.head();
    await until(() => kernel.reactions().every(({ position, inFlight }) => inFlight === 0 && position >= head));
    const hers = await typesOf(disk, `conversation-${conversationId}`);
    expect(hers).toEqual(['ConversationStarted', 'MessageSent']);
    expect(await typesOf(disk, `title-${conversationId}`)).toEqual([]);
    expect(played.calls.every(({ messages }) => JSON.stringify(messages).includes('Hello'))).toBe(true);
    const before = played.calls.length;
    expect(await kernel.tell(ada, restrict(false))).toMatchObject({ ok: true });
    expect(await send(true)).toMatchObject({ ok: true });
    await until(() => played.calls.length > before);
  });

  test('an answer that was asked for before, or waits for an approval, is not written', async () => {
    const { played, options } = withModel((_request, call) =>
      call === 1 ? called({ id: 'call_1', name: 'postcard', input: { to: 'Bob' } }) : said('Sent'),
    );
    const disk = await newDisk();
    const first = await start({ ...options, disk });
    const waiting = await askFor(first.kernel, ada, 'card');
    await until(async () => (await runOf(first.kernel, waiting.runId)).status === 'waiting');
    await first.stop();
    const idle = await start({ ...options, disk, workers: false });
    const asked = await askFor(idle.kernel, ada, 'Hello');
    await idle.kernel.tell(ada, restrict(true));
    await idle.stop();
    const calls = played.calls.length;
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('cancelled');
    const [call] = [...(await runOf(kernel, waiting.runId)).calls.values()];
    await kernel.tell(ada, answerApproval({ ...waiting, approvalId: call?.approvalId ?? '', approved: true }));
    expect(await settled(kernel, waiting)).toBe('failed');
    expect(played.calls).toHaveLength(calls);
  });

  test('it holds for visitors they have taken over too', async () => {
    const { played, options } = withModel(() => said('Hi'));
    const disk = await newDisk();
    const idle = await start({ ...options, disk, workers: false });
    const asked = await askFor(idle.kernel, visitor, 'Hello');
    await idle.kernel.tell(ada, claimAnonymous({ anonymous: visitor.id, by: ada.id }));
    await idle.kernel.tell(ada, restrict(true));
    await idle.stop();
    const { kernel } = await start({ ...options, disk });
    expect(await settled(kernel, asked)).toBe('cancelled');
    expect(played.calls).toEqual([]);
  });
});

test('one restricts and objects for oneself, an administrator for anybody, and either is taken back', async () => {
  const { kernel } = await start({ workers: false });
  await kernel.tell(ada, objectToAnalytics({ person: ada.id, objects: true }));
  await kernel.tell(administrator, restrictProcessing({ person: bob.id, restricted: true }));
  const said = (restricted: boolean, objectsToAnalytics: boolean) => ({ ok: true, data: { restricted, objectsToAnalytics } });
  await expect.poll(() => kernel.ask(ada, getPrivacy({})), { timeout: 20_000 }).toMatchObject(said(false, true));
  await expect.poll(() => kernel.ask(administrator, getPrivacy({ person: bob.id })), { timeout: 20_000 }).toMatchObject(said(true, false));
  expect(await kernel.ask(ada, getPrivacy({ person: bob.id }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  expect(await kernel.tell(ada, restrictProcessing({ person: bob.id, restricted: false }))).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  await kernel.tell(ada, objectToAnalytics({ person: ada.id, objects: false }));
  await kernel.tell(bob, restrictProcessing({ person: bob.id, restricted: false }));
  for (const who of [ada, bob]) await expect.poll(() => kernel.ask(who, getPrivacy({})), { timeout: 20_000 }).toMatchObject(said(false, false));
});
