import { START } from '../../src/adapters/event-store/port.ts';
import { closeSecurityDay, eraseAccessRecords } from '../../src/commands/access-records.ts';
import { revokeInvitation } from '../../src/commands/account.ts';
import { acknowledgeAlert } from '../../src/commands/alert.ts';
import type { CommandValue } from '../../src/commands/command.ts';
import * as conversation from '../../src/commands/conversation.ts';
import { deleteFile, reserveFile, uploadFile } from '../../src/commands/file.ts';
import { requestJob } from '../../src/commands/job.ts';
import * as mail from '../../src/commands/mail.ts';
import { setModelAccess } from '../../src/commands/model-access.ts';
import {
  changeRoles,
  claimAnonymous,
  erasePerson,
  grantPermission,
  objectToAnalytics,
  registerPerson,
  restrictProcessing,
  revokePermission,
} from '../../src/commands/person.ts';
import * as prompt from '../../src/commands/prompt.ts';
import * as providerKey from '../../src/commands/provider-key.ts';
import { changeRole, defineRole, removeRole } from '../../src/commands/role.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import * as share from '../../src/commands/share.ts';
import { VISITORS } from '../../src/domain/access.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { invitationStream, invitations } from '../../src/domain/invitation.ts';
import { jobStream, jobs } from '../../src/domain/job.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { PromptContent } from '../../src/domain/prompt/index.ts';
import { usualRotation } from '../../src/domain/provider-key.ts';
import { listAlerts } from '../../src/projections/queries/security.ts';
import { toolServersOf } from './mcp-history.ts';
import { administrator, type Installation, person, readRun, startAnnals } from './memory-annals.ts';
import { until } from './until.ts';

const say = async ({ kernel }: Installation, who: Principal, conversationId: ConversationId, text: string) => {
  const told = await kernel.tell(who, conversation.sendMessage({ conversationId, parts: [{ type: 'text', text }], reply: true, onActive: 'refuse' }));
  if (!told.ok || !told.result.runId) throw new Error(JSON.stringify(told));
  return { ...told.result, runId: told.result.runId, items: await readRun(kernel, who, conversationId, told.result.runId) };
};

async function startedBy({ kernel }: Installation, who: Principal): Promise<ConversationId> {
  const told = await kernel.tell(who, conversation.startConversation({ title: 'Of somebody who goes' }));
  if (!told.ok) throw new Error(JSON.stringify(told));
  return told.result.conversationId;
}

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

/** What those who watch over the installation get to see. */
async function watched({ kernel, disk }: Installation, who: Principal): Promise<void> {
  const note = { kind: 'login-failed', door: 'POST /auth/password', subject: who.id } as const;
  for (let attempt = 0; attempt < 12; attempt++) kernel.security.record({ ...note, address: `203.0.${attempt}.7` });
  for (let attempt = 0; attempt < 35; attempt++) kernel.security.record({ ...note, address: '198.51.100.7', account: `who${attempt}@example.org` });
  kernel.security.record({ ...note, kind: 'token-reused', address: '2001:db8::1' });
  kernel.security.record({ ...note, kind: 'address-blocked', actor: who.id, about: 'intranet' });
  kernel.refusals.shown(administrator, [who.id], 'getPerson', who.id);
  await kernel.security.flush();
  await kernel.refusals.flush();
  const names = kernel.progress.status().map(({ view }) => view);
  const seen = async () => kernel.progress.waitFor(names, await disk.store.head(), { timeoutMs: 30_000 });
  await seen();
  await kernel.sweep();
  await seen();
  const asked = await kernel.ask(administrator, listAlerts({}));
  for (const { alertId } of asked.ok ? asked.data.alerts.slice(0, 2) : [])
    await kernel.tell(administrator, acknowledgeAlert({ alertId, note: 'seen' }));
  const itself = annals(VISITORS);
  await kernel.tell(itself, eraseAccessRecords({ stream: `access-${who.id}-2025-12-24` }));
  await kernel.tell(itself, closeSecurityDay({ day: '2025-12-24' }));
}

async function promptsOf({ kernel }: Installation, who: Principal): Promise<void> {
  const content = (text: string) => PromptContent.parse({ messages: [{ role: 'user', content: { type: 'text', text } }] });
  for (const [promptName, deleted] of [
    ['kept', false],
    ['gone', true],
  ] as const) {
    const told = await kernel.tell(who, prompt.createPrompt({ promptName, content: content('one') }));
    if (!told.ok) throw new Error(JSON.stringify(told));
    const { promptId } = told.result;
    const changes = [
      prompt.revisePrompt({ promptId, content: content('two') }),
      prompt.rollBackPrompt({ promptId, version: 1 }),
      prompt.renamePrompt({ promptId, promptName: `${promptName}-2` }),
      prompt.pinPrompt({ promptId, version: 2 }),
      prompt.archivePrompt({ promptId }),
      prompt.unarchivePrompt({ promptId }),
    ];
    for (const change of changes) await kernel.tell<unknown>(who, change);
    await kernel.tell({ ...who, roles: ['administrator'] }, prompt.setPromptVisibility({ promptId, visibility: 'everyone' }));
    const used = { promptId, owner: who.id, count: 2, from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:10:00.000Z' };
    await kernel.tell(annals(who.id), prompt.recordPromptUse(used));
    if (deleted) await kernel.tell(who, prompt.deletePrompt({ promptId }));
  }
}

/** Invitations that end in every way, and mails that do. */
async function accountsOf({ kernel, clock }: Installation): Promise<void> {
  const { accounts } = kernel;
  const given = { roles: ['member' as const], email: 'somebody@example.org', days: 1 };
  const [redeemed, revoked, expired] = [
    await accounts.invite(administrator, given),
    await accounts.invite(administrator, given),
    await accounts.invite(administrator, given),
  ];
  if (!redeemed.ok || !revoked.ok || !expired.ok) throw new Error('no invitation');
  await accounts.redeem({ secret: redeemed.secret, name: 'Somebody', password: 'nine purple bicycles', from: 'here' });
  await accounts.login({ email: given.email, password: 'nine purple bicycles', from: 'here' });
  await accounts.askReset({ email: given.email, from: 'here' });
  await kernel.tell(administrator, revokeInvitation({ invitationId: revoked.invitationId }));
  const cause = { stream: 'invitation-x', revision: '0', eventId: 'x' };
  const annalsItself = annals(administrator.id);
  for (const [mailId, attempt] of [
    ['sent', { again: false }],
    ['later', { code: 'Unavailable', again: true }],
    ['failed', { code: 'Refused', again: false }],
  ] as const) {
    await kernel.tell(annalsItself, mail.queueMail({ mailId, kind: 'invitation', cause, expiresAt: '2026-03-01T00:00:00.000Z' }));
    await kernel.tell(annalsItself, mail.startMail({ mailId, attempt: 1 }));
    await kernel.tell(annalsItself, mail.endMail({ mailId, attempt: 1, ...attempt }));
  }
  clock.now = new Date(clock.now.getTime() + 25 * 3600_000);
  await until(async () => {
    await kernel.sweep();
    return (await kernel.loader.load(invitationStream(expired.invitationId), invitations)).state.status === 'expired';
  });
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
  const installation = await startAnnals({ jobs: { export: { steps: [{ name: 'gather', run: async () => ({ found: 1 }) }] } } });
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
  await promptsOf(installation, ada);
  await say(installation, ada, first, '/kept-2 with care');
  await toolServersOf(installation, ada);
  await watched(installation, ada);
  await accountsOf(installation);
  const job = await kernel.tell(ada, requestJob({ kind: 'export', person: ada.id }));
  if (!job.ok) throw new Error('no job');
  await until(async () => (await kernel.loader.load(jobStream(job.result.jobId), jobs)).state.status === 'ended');
  const kept = await kernel.tell(ada, reserveFile({ filename: 'b.txt' }));
  if (!kept.ok) throw new Error('no file');
  const eve = person('eve');
  await say(installation, eve, await startedBy(installation, eve), 'Forget me');
  const flags = [restrictProcessing({ person: eve.id, restricted: true }), objectToAnalytics({ person: eve.id, objects: true })];
  for (const flag of flags) await kernel.tell<unknown>(eve, flag);
  const erased = await kernel.tell(eve, erasePerson({ person: eve.id }));
  if (!erased.ok) throw new Error('not erased');
  await until(async () => (await kernel.loader.load(jobStream(erased.result.jobId), jobs)).state.status === 'requested');
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
