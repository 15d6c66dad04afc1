import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelProvider, ModelRequest } from '../../src/adapters/model-provider/port.ts';
import { deleteConversation, requestReply, sendMessage, startConversation } from '../../src/commands/conversation.ts';
import { deleteFile, reserveFile, uploadFile } from '../../src/commands/file.ts';
import { setModelAccess } from '../../src/commands/model-access.ts';
import { shareConversation, shareFile, unshareConversation, unshareFile } from '../../src/commands/share.ts';
import { conversationStream } from '../../src/domain/conversation/index.ts';
import { fileStream } from '../../src/domain/file.ts';
import type { ConversationId, FileId, RoleId } from '../../src/domain/ids.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { ShareLevel } from '../../src/domain/share.ts';
import { listAudit } from '../../src/projections/queries/audit.ts';
import { getConversation, listConversations } from '../../src/projections/queries/conversations.ts';
import { getFile, listFiles } from '../../src/projections/queries/files.ts';
import { listMessages } from '../../src/projections/queries/messages.ts';
import { listSharedWithMe } from '../../src/projections/queries/shares.ts';
import { askFor, eventsOf, settled, typesOf } from '../harness/chat.ts';
import { administrator, type Installation, person, startAnnals } from '../harness/memory-annals.ts';
import { until } from '../harness/until.ts';

const [ada, bob, cid] = [person('ada'), person('bob'), person('cid')];
const asked: ModelRequest[] = [];
/** Answers nothing of note, and keeps what it was told. */
const listening: ModelProvider = {
  name: 'listening',
  models: async () => [{ id: 'listening/ear', provider: 'listening', name: 'Ear' }],
  async *stream(request) {
    asked.push(request);
    yield { type: 'text', text: 'Heard.' };
    yield { type: 'finish', reason: 'stop' };
  },
};

let annals: Installation;
beforeEach(async () => {
  asked.length = 0;
  annals = await startAnnals({ providers: [listening], defaultModel: 'listening/ear' });
});
afterEach(() => annals.stop());

const share = async (conversationId: ConversationId, level: ShareLevel, grantee: string = bob.id) =>
  expect(await annals.kernel.tell(ada, shareConversation({ conversationId, with: grantee as never, level }))).toMatchObject({ ok: true });
const send = (who: Principal, conversationId: ConversationId, text: string, fileId?: FileId) =>
  annals.kernel.tell(
    who,
    sendMessage({
      conversationId,
      parts: [{ type: 'text', text }, ...(fileId ? [{ type: 'file' as const, fileId, mediaType: 'text/plain', filename: 'a.txt' }] : [])],
      reply: true,
      onActive: 'stop',
    }),
  );
const fileOf = async (who: Principal, text: string): Promise<FileId> => {
  const { kernel } = annals;
  const told = await kernel.tell(who, reserveFile({ filename: 'a.txt' }));
  if (!told.ok) throw new Error(told.error.message);
  const { fileId } = told.result;
  const put = await kernel.uploads.put({ principalId: who.id, fileId, bytes: Buffer.from(text), mediaType: 'text/plain' });
  await kernel.tell(who, uploadFile({ fileId, ...put, size: text.length, mediaType: 'text/plain' }));
  return fileId;
};
const seen = async (): Promise<void> => {
  const { kernel, disk } = annals;
  const views = kernel.progress.status().map(({ view }) => view);
  await kernel.progress.waitFor(views, await disk.store.head(), { timeoutMs: 10_000, signal: AbortSignal.timeout(10_000) });
};
const codeOf = (outcome: { ok: boolean; error?: { code: string } }): string => outcome.error?.code ?? 'ok';
const told = () => JSON.stringify(asked.at(-1)?.messages);

describe('a shared conversation', () => {
  test('is read by whom it is shared with, written by nobody before the share goes so far, and neither once it has ended', async () => {
    const { kernel } = annals;
    const { conversationId, ...first } = await askFor(kernel, ada, 'Hello');
    await settled(kernel, { conversationId, ...first });
    expect(codeOf(await kernel.ask(bob, getConversation({ conversationId })))).toBe('NotFound');
    await share(conversationId, 'view');
    await seen();
    expect(await kernel.ask(bob, getConversation({ conversationId }))).toMatchObject({ ok: true, data: { access: 'view', owner: ada.id } });
    expect(await kernel.ask(bob, listMessages({ conversationId }))).toMatchObject({
      data: { messages: [{ parts: [{ text: 'Heard.' }] }, { parts: [{ text: 'Hello' }] }] },
    });
    expect(codeOf(await send(bob, conversationId, 'May I?'))).toBe('Forbidden');
    expect(codeOf(await kernel.tell(bob, shareConversation({ conversationId, with: cid.id, level: 'view' })))).toBe('Forbidden');
    await share(conversationId, 'edit');
    expect(codeOf(await send(bob, conversationId, 'I may.'))).toBe('ok');
    expect(codeOf(await kernel.tell(bob, deleteConversation({ conversationId })))).toBe('Forbidden');
    await kernel.tell(ada, unshareConversation({ conversationId, with: bob.id }));
    expect(codeOf(await kernel.ask(bob, listMessages({ conversationId })))).toBe('NotFound');
    expect(codeOf(await send(bob, conversationId, 'Still?'))).toBe('NotFound');
  });

  test('shared with a role is there for all who have it', async () => {
    const { kernel } = annals;
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await share(conversationId, 'view', 'role_team');
    await seen();
    const inTeam = { ...bob, roles: ['member', 'role_team' as RoleId] } as const;
    expect(codeOf(await kernel.ask(inTeam, getConversation({ conversationId })))).toBe('ok');
    expect(codeOf(await kernel.ask(bob, getConversation({ conversationId })))).toBe('NotFound');
  });

  test('stands once in the list of what is shared with one, however many shares reach one, and in no list of one’s own', async () => {
    const { kernel } = annals;
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await share(conversationId, 'view');
    await share(conversationId, 'edit', 'member');
    await seen();
    const list = async (who: Principal, shared?: 'with-me') => {
      const answer = await kernel.ask(who, listConversations({ ...(shared ? { shared } : {}) }));
      return answer.ok ? answer.data.conversations.map(({ id, access }) => [id, access]) : [];
    };
    expect(await list(bob, 'with-me')).toEqual([[conversationId, 'edit']]);
    expect(await list(cid, 'with-me')).toEqual([[conversationId, 'edit']]);
    expect(await list(ada, 'with-me')).toEqual([]);
    expect(await list(bob)).toEqual([]);
    expect(await kernel.ask(bob, listSharedWithMe({}))).toMatchObject({ data: { shares: [{ kind: 'conversation' }, { kind: 'conversation' }] } });
  });

  test('keeps each message under the key of its author, and the answers under the owner’s', async () => {
    const { kernel, disk } = annals;
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await share(conversationId, 'edit');
    const sent = await send(bob, conversationId, 'From Bob');
    if (!sent.ok) throw new Error(sent.error.message);
    await settled(kernel, { conversationId, runId: sent.result.runId as never });
    const events = await eventsOf(disk, conversationStream(conversationId));
    const of = (type: string) => events.filter((event) => event.type === type).map(({ metadata }) => [metadata.actor, metadata.subject]);
    expect(of('MessageSent')).toEqual([
      [ada.id, ada.id],
      [bob.id, bob.id],
    ]);
    expect(of('ReplyRequested')).toEqual([
      [ada.id, ada.id],
      [bob.id, ada.id],
    ]);
    const run = await eventsOf(disk, `run-${sent.result.runId}`);
    expect([...new Set(run.map(({ metadata }) => metadata.subject))]).toEqual([ada.id]);
    await seen();
    expect(await kernel.ask(ada, listMessages({ conversationId, limit: 2 }))).toMatchObject({
      data: { messages: [{}, { parts: [{ text: 'From Bob' }] }] },
    });
  });

  test('being read by another is recorded, the same reading once a minute', async () => {
    const { kernel } = annals;
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await share(conversationId, 'view');
    await seen();
    for (let count = 0; count < 3; count++) await kernel.ask(bob, listMessages({ conversationId }));
    await kernel.ask(ada, listMessages({ conversationId }));
    await kernel.refusals.flush();
    await seen();
    const found = await kernel.ask(administrator, listAudit({ outcome: 'read' }));
    expect(found.ok && found.data.entries.map(({ actor, subject, action }) => [actor, subject, action])).toEqual([[bob.id, ada.id, 'listMessages']]);
  });

  test('is followed by whom it is shared with, until the share ends', async () => {
    const { kernel } = annals;
    await annals.stop();
    annals = await startAnnals();
    const { conversationId, runId } = await askFor(annals.kernel, ada, '/call postcard {"to":"Bob"}\n/sleep 60000');
    await share(conversationId, 'view');
    const follow = (who: Principal, only = false) =>
      annals.kernel.follow(who, { topic: 'run', conversationId, runId, segment: 5, only }, { signal: AbortSignal.timeout(20_000) });
    expect((await follow(cid)).ok).toBe(false);
    const following = await follow(bob);
    if (!following.ok) throw new Error(following.error.message);
    let over = false;
    const reading = (async () => {
      for await (const _ of following.items);
      over = true;
    })();
    await annals.kernel.tell(ada, unshareConversation({ conversationId, with: bob.id }));
    await reading;
    expect(over).toBe(true);
    expect((await follow(bob)).ok).toBe(false);
    expect(kernel).not.toBe(annals.kernel);
  });
});

describe('a file', () => {
  test('that its owner put into a shared conversation is read by whom it is shared with, and deleted by the owner alone', async () => {
    const { kernel } = annals;
    const [there, kept] = [await fileOf(ada, 'there'), await fileOf(ada, 'kept')];
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await send(ada, conversationId, 'See this', there);
    await seen();
    expect(codeOf(await kernel.ask(bob, getFile({ fileId: there })))).toBe('NotFound');
    await share(conversationId, 'view');
    await seen();
    expect(codeOf(await kernel.ask(bob, getFile({ fileId: there })))).toBe('ok');
    expect(codeOf(await kernel.ask(bob, getFile({ fileId: kept })))).toBe('NotFound');
    expect(codeOf(await kernel.tell(bob, deleteFile({ fileId: there })))).toBe('NotFound');
    await kernel.tell(ada, unshareConversation({ conversationId, with: bob.id }));
    expect(codeOf(await kernel.ask(bob, getFile({ fileId: there })))).toBe('NotFound');
  });

  test('shared by itself is read, and listed as shared', async () => {
    const { kernel } = annals;
    const fileId = await fileOf(ada, 'there');
    await kernel.tell(ada, shareFile({ fileId, with: bob.id, level: 'view' }));
    await seen();
    expect(codeOf(await kernel.ask(bob, getFile({ fileId })))).toBe('ok');
    expect(await kernel.ask(bob, listFiles({ shared: 'with-me' }))).toMatchObject({ data: { files: [{ id: fileId }] } });
    expect(codeOf(await kernel.tell(bob, deleteFile({ fileId })))).toBe('Forbidden');
  });

  test('of another is read neither by naming it in a thread of one’s own, nor by having a model read it out', async () => {
    const { kernel } = annals;
    const secret = await fileOf(ada, 'the secret of Ada');
    const own = await kernel.tell(bob, startConversation({}));
    if (!own.ok) throw new Error(own.error.message);
    await send(bob, own.result.conversationId, 'Read this', secret);
    const { conversationId, ...first } = await askFor(kernel, ada, 'Hello');
    await settled(kernel, { conversationId, ...first });
    await share(conversationId, 'edit');
    const sent = await send(bob, conversationId, 'Read it out', secret);
    if (!sent.ok) throw new Error(sent.error.message);
    await settled(kernel, { conversationId, runId: sent.result.runId as never });
    await seen();
    expect(told()).toContain('Read it out');
    expect(JSON.stringify(asked)).not.toContain('the secret of Ada');
    expect(codeOf(await kernel.ask(bob, getFile({ fileId: secret })))).toBe('NotFound');
  });

  test('of another that is shared with whoever names it reaches the model, until it is shared no more', async () => {
    const { kernel } = annals;
    const fileId = await fileOf(ada, 'words of Ada');
    const started = await kernel.tell(bob, startConversation({}));
    if (!started.ok) throw new Error(started.error.message);
    const { conversationId } = started.result;
    const heard = async (): Promise<boolean> => {
      const sent = await send(bob, conversationId, 'Read this', fileId);
      if (!sent.ok) throw new Error(sent.error.message);
      await settled(kernel, { conversationId, runId: sent.result.runId as never });
      return JSON.stringify(asked.at(-1)).includes('words of Ada');
    };
    expect(await heard()).toBe(false);
    for (const grantee of [bob.id, 'member'] as const) {
      expect(await kernel.tell(ada, shareFile({ fileId, with: grantee as never, level: 'view' }))).toMatchObject({ ok: true });
      expect(await heard()).toBe(true);
      expect(await kernel.tell(ada, unshareFile({ fileId, with: grantee as never }))).toMatchObject({ ok: true });
      expect(await heard()).toBe(false);
    }
    await kernel.tell(ada, shareFile({ fileId, with: 'auditor' as never, level: 'view' }));
    expect(await heard()).toBe(false);
  });

  test('of the owner that only another has named in the thread outlives it', async () => {
    const { kernel, disk } = annals;
    const [named, there] = [await fileOf(ada, 'kept'), await fileOf(ada, 'put here')];
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await send(ada, conversationId, 'See this', there);
    await share(conversationId, 'edit');
    await send(bob, conversationId, 'And this', named);
    await kernel.tell(ada, deleteConversation({ conversationId }));
    await until(async () => (await typesOf(disk, fileStream(there))).includes('FileDeleted'));
    expect(await typesOf(disk, fileStream(named))).not.toContain('FileDeleted');
  });

  test('of two threads goes with the last of them', async () => {
    const { kernel, disk } = annals;
    const [both, alone] = [await fileOf(ada, 'in both'), await fileOf(ada, 'in one')];
    const [first, second] = [await askFor(kernel, ada, 'One'), await askFor(kernel, ada, 'Two')];
    for (const { conversationId } of [first, second]) await send(ada, conversationId, 'See this', both);
    await send(ada, first.conversationId, 'And this', alone);
    const isGone = async (fileId: FileId) => (await typesOf(disk, fileStream(fileId))).includes('FileDeleted');
    await kernel.tell(ada, deleteConversation({ conversationId: first.conversationId }));
    // Files go in the order in which they were named.
    await until(() => isGone(alone));
    expect(await isGone(both)).toBe(false);
    await kernel.tell(ada, deleteConversation({ conversationId: second.conversationId }));
    await until(() => isGone(both));
  });

  test('of two threads that are deleted at once goes, too', async () => {
    const { kernel, disk } = annals;
    const fileId = await fileOf(ada, 'in both');
    const threads = [await askFor(kernel, ada, 'One'), await askFor(kernel, ada, 'Two')];
    for (const { conversationId } of threads) await send(ada, conversationId, 'See this', fileId);
    await Promise.all(threads.map(({ conversationId }) => kernel.tell(ada, deleteConversation({ conversationId }))));
    await until(async () => (await typesOf(disk, fileStream(fileId))).includes('FileDeleted'));
  });

  test('of whoever writes into a shared conversation reaches the model', async () => {
    const { kernel } = annals;
    const fileId = await fileOf(bob, 'words of Bob');
    const { conversationId } = await askFor(kernel, ada, 'Hello');
    await share(conversationId, 'edit');
    const sent = await send(bob, conversationId, 'Mine', fileId);
    if (!sent.ok) throw new Error(sent.error.message);
    await settled(kernel, { conversationId, runId: sent.result.runId as never });
    expect(told()).toContain('words of Bob');
  });
});

describe('a model that only some may use', () => {
  const restricted = (to: string[] | null) => annals.kernel.tell(administrator, setModelAccess({ model: 'listening/*', to: to as never }));
  const asTold = async (who: Principal): Promise<Principal> => ({ ...who, ...(await annals.kernel.known.rightsOf(who.id, who.roles)) });

  test('is refused to others before anything is called, and given again by a word', async () => {
    const { kernel } = annals;
    await restricted(['auditor', bob.id]);
    const started = await kernel.tell(ada, startConversation({}));
    if (!started.ok) throw new Error(started.error.message);
    const { conversationId } = started.result;
    const say = async (who: Principal) =>
      kernel.tell(
        await asTold(who),
        sendMessage({ conversationId, parts: [{ type: 'text', text: 'x' }], model: 'listening/ear', reply: true, onActive: 'refuse' }),
      );
    expect(codeOf(await say(ada))).toBe('Forbidden');
    const usual = await askFor(kernel, ada, 'whatever is usual');
    expect(await settled(kernel, usual)).toBe('failed');
    expect(
      codeOf(
        await kernel.tell(
          await asTold(ada),
          requestReply({ conversationId: usual.conversationId, parentId: usual.question, model: 'listening/ear', onActive: 'refuse' }),
        ),
      ),
    ).toBe('Forbidden');
    expect(asked).toEqual([]);
    expect(await kernel.models.list(ada.id)).toEqual([]);
    expect(await kernel.models.list(bob.id)).toHaveLength(1);
    const his = await askFor(kernel, bob, 'Hello');
    expect(await settled(kernel, his)).toBe('completed');
    await restricted(null);
    expect(codeOf(await say(ada))).toBe('ok');
  });
});
