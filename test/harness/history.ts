import { START } from '../../src/adapters/event-store/port.ts';
import type { CommandValue } from '../../src/commands/command.ts';
import * as conversation from '../../src/commands/conversation.ts';
import { deleteFile, reserveFile, uploadFile } from '../../src/commands/file.ts';
import { setModelAccess } from '../../src/commands/model-access.ts';
import { changeRoles, claimAnonymous, grantPermission, registerPerson, revokePermission } from '../../src/commands/person.ts';
import * as providerKey from '../../src/commands/provider-key.ts';
import { changeRole, defineRole, removeRole } from '../../src/commands/role.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import * as share from '../../src/commands/share.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { usualRotation } from '../../src/domain/provider-key.ts';
import { administrator, type Installation, person, readRun, startAnnals } from './memory-annals.ts';

const say = async ({ kernel }: Installation, who: Principal, conversationId: ConversationId, text: string) => {
  const told = await kernel.tell(who, conversation.sendMessage({ conversationId, parts: [{ type: 'text', text }], reply: true, onActive: 'refuse' }));
  if (!told.ok || !told.result.runId) throw new Error(JSON.stringify(told));
  return { ...told.result, runId: told.result.runId, items: await readRun(kernel, who, conversationId, told.result.runId) };
};

async function keysOf({ kernel, clock }: Installation, who: Principal): Promise<void> {
  const given = {
    owner: 'self',
    provider: 'openai',
    description: 'mine',
    scopes: {},
    rotation: usualRotation,
    apiKey: 'sk-kept-1234567890',
  } as const;
  for (const removed of [true, false]) {
    const told = await kernel.tell(who, providerKey.registerProviderKey(given));
    if (!told.ok) throw new Error(JSON.stringify(told));
    const { keyId } = told.result;
    const used = { keyId, owner: who.id, count: 2, from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:10:00.000Z' };
    const changes = [
      providerKey.changeProviderKey({ keyId, description: 'yours', scopes: { models: ['gpt-*'] }, rotation: { ...usualRotation, maxAgeDays: 90 } }),
      providerKey.rotateProviderKey({ keyId, apiKey: 'sk-next-1234567890' }),
      providerKey.removeProviderKey({ keyId }),
    ];
    for (const change of removed ? changes : changes.slice(0, 2)) await kernel.tell<unknown>(who, change);
    clock.now = new Date(clock.now.getTime() + 24 * 3600_000);
    await kernel.tell(annals(who.id), providerKey.endKeyGrace({ keyId }));
    await kernel.tell(annals(who.id), providerKey.recordProviderKeyUse(used));
  }
}

/** Shares, roles and permissions of every kind, some of them ended. */
async function rightsOf({ kernel }: Installation, who: Principal, conversationId: ConversationId): Promise<void> {
  const told = async (by: Principal, ...given: CommandValue<unknown>[]): Promise<void> => {
    for (const command of given) {
      const outcome = await kernel.tell(by, command);
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    }
  };
  const permission = { action: 'view', resource: 'file', condition: 'own' } as const;
  const person = who.id;
  await told(
    who,
    share.shareConversation({ conversationId, with: 'role_team' as never, level: 'view' }),
    share.shareConversation({ conversationId, with: 'viewer', level: 'edit' }),
    share.shareConversation({ conversationId, with: 'viewer', level: 'manage' }),
    share.unshareConversation({ conversationId, with: 'role_team' as never }),
  );
  const made = await kernel.tell(administrator, defineRole({ title: 'Team', description: 'ours', permissions: [permission] }));
  const gone = await kernel.tell(administrator, defineRole({ title: 'Gone', description: '', permissions: [permission] }));
  if (!made.ok || !gone.ok) throw new Error('no role');
  await told(
    administrator,
    changeRole({ role: made.result.role, title: 'The team', permissions: [{ ...permission, condition: 'shared' }] }),
    removeRole({ role: gone.result.role }),
    registerPerson({ person, via: 'administrator', roles: ['member'], profile: { name: 'Ada' } }),
    changeRoles({ person, roles: ['member', made.result.role] }),
    grantPermission({ person, permission }),
    grantPermission({ person, permission: { ...permission, action: 'edit' } }),
    revokePermission({ person, permission }),
    setModelAccess({ model: 'demo/other', to: ['member'] }),
  );
}

/** A real log in which everything happens at least once: what the laws of views are tried on. */
export async function eventfulLog(): Promise<readonly RecordedEvent[]> {
  const installation = await startAnnals();
  const { kernel } = installation;
  const ada = person('ada');
  const visitor = person('visitor', 'anonymous');
  const started = await Promise.all(
    [ada, ada, visitor, ada].map((who) => kernel.tell(who, conversation.startConversation({ metadata: { tag: 'x' } }))),
  );
  const [first, second, third, doomed] = started.map((told) => (told.ok ? told.result.conversationId : (undefined as never))) as [
    ConversationId,
    ConversationId,
    ConversationId,
    ConversationId,
  ];
  const hello = await say(installation, ada, first, 'Hello');
  await say(installation, ada, first, '/think hm\n/echo Fine');
  const card = await say(installation, ada, second, '/call postcard {"to":"Bob"}');
  const asked = card.items.find((item) => item.type === 'tool' && item.part.approval);
  const approvalId = asked?.type === 'tool' ? (asked.part.approval?.id ?? '') : '';
  await kernel.tell(ada, answerApproval({ conversationId: second, runId: card.runId, messageId: card.replyId as never, approvalId, approved: true }));
  await readRun(kernel, ada, second, card.runId, { segment: 1 });
  await say(installation, visitor, third, '/fail 2').catch(() => undefined);
  await say(installation, ada, doomed, 'To be forgotten');
  const target = { conversationId: first };
  const told = [
    conversation.renameConversation({ ...target, title: 'Mine' }),
    conversation.archiveConversation(target),
    conversation.unarchiveConversation(target),
    conversation.setConversationMetadata({ ...target, metadata: { a: 1 } }),
    conversation.touchConversation({ ...target, lastMessageAt: '2026-02-01T00:00:00.000Z' }),
    conversation.trashConversation(target),
    conversation.restoreConversation(target),
    conversation.giveFeedback({ ...target, messageId: hello.replyId as never, rating: 'positive', comment: 'good' }),
    conversation.adoptMessage({ ...target, messageId: hello.messageId as never, alias: 'client-1' }),
    conversation.appendMessage({ ...target, role: 'user', parts: [{ type: 'text', text: 'elsewhere' }], parentId: null, alias: 'client-2' }),
    conversation.replaceMessageContent({ ...target, messageId: 'client-2', parts: [{ type: 'text', text: 'changed' }] }),
    conversation.chooseBranch({ ...target, messageId: hello.replyId as never }),
    conversation.deleteConversation({ conversationId: doomed }),
    claimAnonymous({ anonymous: visitor.id, by: ada.id }),
  ];
  for (const command of told) {
    const outcome = await kernel.tell<unknown>(ada, command);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  }
  const file = await kernel.tell(ada, reserveFile({ filename: 'a.txt' }));
  if (file.ok) {
    await kernel.tell(ada, uploadFile({ ...file.result, blobId: 'blob_1', key: 'key_1', size: 1, mediaType: 'text/plain' }));
    await kernel.tell(ada, deleteFile(file.result));
  }
  await keysOf(installation, ada);
  await rightsOf(installation, ada, second);
  const kept = await kernel.tell(ada, reserveFile({ filename: 'b.txt' }));
  if (!kept.ok) throw new Error('no file');
  await installation.stop();
  const events: RecordedEvent[] = [];
  const stop = new AbortController();
  for await (const batch of installation.disk.store.tail(START, { signal: stop.signal })) {
    events.push(...batch.events);
    if (batch.caughtUp) break;
  }
  stop.abort();
  return events;
}
