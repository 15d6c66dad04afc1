import { START } from '../../src/adapters/event-store/port.ts';
import * as conversation from '../../src/commands/conversation.ts';
import { deleteFile, reserveFile, uploadFile } from '../../src/commands/file.ts';
import * as mcp from '../../src/commands/mcp.ts';
import { claimAnonymous } from '../../src/commands/person.ts';
import * as prompt from '../../src/commands/prompt.ts';
import * as providerKey from '../../src/commands/provider-key.ts';
import { answerApproval } from '../../src/commands/run.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { PromptContent } from '../../src/domain/prompt/index.ts';
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

const hashOf = (text: string): string => text.repeat(64).slice(0, 64);

/** What a server offers at three looks: one tool goes, one changes, one comes. */
async function contractsOf({ kernel }: Installation, serverId: string, owner: string): Promise<void> {
  const hints = { readOnly: false, destructive: true, idempotent: false };
  const snapshot = { serverName: 's', serverVersion: '1', instructions: null, capabilities: {}, prompts: [], templates: [], broken: [] };
  const seen: [string, Record<string, string>][] = [
    ['1', { stays: 'a', changes: 'b', goes: 'c' }],
    ['2', { stays: 'a', changes: 'd', comes: 'e' }],
    ['3', { stays: 'a', changes: 'd', comes: 'e', goes: 'f' }],
  ];
  for (const [contractHash, tools] of seen) {
    const listed = Object.entries(tools).map(([name, hash]) => ({ name, hash: hashOf(hash), hints }));
    const observed = { contractId: serverId, serverId, owner, registration: 1, era: 'legacy', protocolVersion: '2025-11-25' } as const;
    await kernel.tell(
      annals(owner as never),
      mcp.observeMcpContract({
        ...observed,
        contractHash: hashOf(contractHash),
        instructionsHash: hashOf('0'),
        tools: listed,
        prompts: [],
        templates: [],
        snapshot: { ...snapshot, tools: listed.map(({ name }) => ({ name })) },
      }),
    );
  }
  await kernel.tell(administrator, mcp.approveMcpTool({ contractId: serverId, serverId, tool: 'changes', hash: hashOf('d') }));
}

async function toolServersOf(installation: Installation, who: Principal): Promise<void> {
  const { kernel } = installation;
  const address = { url: 'http://127.0.0.1:1/mcp' };
  const usual = {
    title: '',
    transport: 'http',
    address,
    headers: { authorization: 'x' },
    env: {},
    auth: 'none',
    enabled: true,
    timeoutMs: null,
  } as const;
  const told = await kernel.tell(administrator, mcp.registerMcpServer({ ...usual, owner: 'organisation', slug: 'shared', audience: 'everybody' }));
  const own = await kernel.tell(who, mcp.registerMcpServer({ ...usual, owner: 'self', slug: 'mine', audience: 'everybody' }));
  if (!told.ok || !own.ok) throw new Error(JSON.stringify([told, own]));
  const { serverId } = told.result;
  await contractsOf(installation, serverId, 'organisation');
  const changes = [
    mcp.setMcpServerPolicy({ serverId, tool: null, policy: 'ask' }),
    mcp.setMcpServerPolicy({ serverId, tool: 'stays', policy: 'allow' }),
    mcp.setMcpServerPolicy({ serverId, tool: null, policy: null }),
    mcp.switchMcpServer({ serverId, enabled: false }),
    mcp.shareMcpServer({ serverId, audience: [who.id] }),
    mcp.changeMcpServer({ ...usual, serverId, slug: 'shared-anew', audience: 'everybody' }),
    mcp.refreshMcpServer({ serverId, requestId: 'again' }),
    mcp.chooseMcpTools({ serverId, tool: null, scope: { model: 'demo/demo' }, enabled: false }),
    mcp.setMcpToolPolicy({ serverId, tool: 'stays', policy: 'deny' }),
  ];
  for (const change of changes) await kernel.tell<unknown>(administrator, change);
  await kernel.tell(who, mcp.removeMcpServer({ serverId: own.result.serverId }));
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
  await promptsOf(installation, ada);
  await say(installation, ada, first, '/kept-2 with care');
  await toolServersOf(installation, ada);
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
