import { type DecisionContext, type Refusal, refuse } from '../decider.ts';
import type { JsonObject, NewEvent } from '../event.ts';
import type { ExportedConversation, ExportedMessage } from '../export/format.ts';
import type { ConversationId, FileId, MessageId, RunId } from '../ids.ts';
import type { Outcome, Part } from '../message.ts';
import { decideShare, decideUnshare, type ShareLevel } from '../share.ts';
import type { ConversationRetention } from '../retention.ts';
import * as happened from './events.ts';
import { importedEnd, importedMessages, importedStart } from './import.ts';
import { type Conversation, lastReplyTo, type Node, resolveMessage } from './state.ts';

type Metadata = JsonObject;
type Tools = { name: string; description?: string; parameters: Metadata }[];
interface Target {
  conversationId: ConversationId;
}

export type ConversationCommand =
  | { name: 'startConversation'; title?: string; metadata?: Metadata; externalId?: string; lastMessageAt?: string }
  | (Target & { name: 'renameConversation'; title: string })
  | (Target & { name: 'titleConversation'; title: string })
  | (Target & { name: 'setConversationMetadata'; metadata: Metadata | null })
  | (Target & { name: 'touchConversation'; lastMessageAt: string })
  | (Target & { name: 'archiveConversation' | 'unarchiveConversation' | 'trashConversation' | 'restoreConversation' | 'deleteConversation' })
  | (Target & {
      name: 'sendMessage';
      parts: Part[];
      metadata?: Metadata;
      alias?: string;
      parentId?: string | null;
      model?: string;
      tools?: Tools;
      reply: boolean;
      expansion?: happened.Expansion;
    })
  | (Target & { name: 'requestReply'; parentId: string; model?: string; tools?: Tools })
  | (Target & {
      name: 'appendMessage';
      role: 'system' | 'user' | 'assistant';
      parts: Part[];
      metadata?: Metadata;
      alias?: string;
      parentId: string | null;
    })
  | (Target & { name: 'replaceMessageContent'; messageId: string; parts: Part[]; metadata?: Metadata })
  | (Target & { name: 'adoptMessage'; messageId: MessageId; alias?: string })
  | (Target & { name: 'chooseBranch'; messageId: string })
  | (Target & { name: 'giveFeedback'; messageId: string; rating: 'positive' | 'negative'; comment?: string })
  | (Target & { name: 'shareConversation'; with: string; level: ShareLevel })
  | (Target & { name: 'unshareConversation'; with: string })
  | (Target & { name: 'settleReply'; runId: RunId; outcome: Outcome })
  | (Target & { name: 'setConversationRetention'; retention: ConversationRetention })
  | (Target & { name: 'importConversation'; from: ExportedConversation })
  | (Target & { name: 'completeImport'; from: ExportedConversation })
  | (Target & { name: 'importMessages'; messages: ExportedMessage[] });

type Decision = readonly NewEvent[] | Refusal;

export function decide(command: ConversationCommand, state: Conversation, context: DecisionContext): Decision {
  if (command.name === 'startConversation') return start(command, context);
  if (command.name === 'importConversation') return state.status === 'absent' ? importedStart(command.from, context.now) : [];
  if (state.status === 'absent') return refuse('NotFound', 'There is no such thread.');
  if (command.name === 'settleReply') return settle(command, state);
  if (state.status === 'deleted') return command.name === 'deleteConversation' ? [] : refuse('NotFound', 'There is no such thread.');
  if (state.status === 'trashed' && writes.has(command.name)) return refuse('ThreadTrashed', 'This thread is in the trash: restore it first.');
  switch (command.name) {
    case 'renameConversation':
      return [happened.ConversationRenamed({ title: command.title })];
    case 'titleConversation':
      return state.titledBy === 'person' ? [] : [happened.ConversationTitled({ title: command.title })];
    case 'setConversationMetadata':
      return [happened.ConversationMetadataSet({ metadata: command.metadata })];
    case 'touchConversation':
      return [happened.ConversationTouched({ lastMessageAt: command.lastMessageAt })];
    case 'archiveConversation':
      return state.archived ? [] : [happened.ConversationArchived({})];
    case 'unarchiveConversation':
      return state.archived ? [happened.ConversationUnarchived({})] : [];
    case 'trashConversation':
      return state.status === 'trashed' ? [] : [happened.ConversationTrashed({})];
    case 'restoreConversation':
      return state.status === 'trashed' ? [happened.ConversationRestored({})] : [];
    case 'deleteConversation':
      return [happened.ConversationDeleted({ conversationId: command.conversationId, fileIds: [...state.files.keys()] })];
    case 'sendMessage':
      return send(command, state, context);
    case 'requestReply':
      return regenerate(command, state, context);
    case 'appendMessage':
      return append(command, state, context);
    case 'replaceMessageContent':
      return replace(command, state);
    case 'adoptMessage':
      return adopt(command, state);
    case 'chooseBranch':
      return choose(command, state);
    case 'giveFeedback':
      return feedback(command, state);
    case 'shareConversation':
      return decideShare(state, command, () => happened.ConversationShared({ ...command, with: command.with as never }));
    case 'unshareConversation':
      return decideUnshare(state, command, () => happened.ConversationUnshared({ ...command, with: command.with as never }));
    case 'importMessages': {
      const events = importedMessages(command.messages, state, context.now);
      return 'unknown' in events ? unknownMessage(events.unknown) : events;
    }
    case 'completeImport':
      return importedEnd(command.from, state, context.now);
    case 'setConversationRetention':
      return retain(command, state);
    default:
      return command satisfies never;
  }
}

const writes: ReadonlySet<string> = new Set(['sendMessage', 'requestReply', 'appendMessage', 'replaceMessageContent', 'renameConversation']);

type Of<Name extends ConversationCommand['name']> = Extract<ConversationCommand, { name: Name }>;

function start({ title, metadata, externalId, lastMessageAt }: Of<'startConversation'>, { newId }: DecisionContext): Decision {
  return [
    happened.ConversationStarted({
      conversationId: newId('thread_') as ConversationId,
      titled: title !== undefined,
      externalId,
      lastMessageAt,
      title,
      metadata,
    }),
  ];
}

/** The client's message id names the message: a known one is answered, and only a reply that did not complete is asked for again. */
function send(command: Of<'sendMessage'>, state: Conversation, context: DecisionContext): Decision {
  const known = command.alias === undefined ? undefined : resolveMessage(state, command.alias);
  if (known) {
    const reply = lastReplyTo(state, known.id);
    if (!command.reply || reply?.outcome === 'completed' || (reply && reply.outcome === undefined)) return alreadySent(known.id, reply);
    return state.active ? runActive(state.active) : [request(known, command, context)];
  }
  if (command.reply && state.active) return runActive(state.active);
  const parent = parentOf(command.parentId === undefined ? state.leaf : command.parentId, state);
  if (parent === 'unknown') return unknownMessage(String(command.parentId));
  const sent = sentEvent({ ...command, role: 'user' }, parent, context);
  if (!command.reply) return [sent];
  const { messageId, height } = sent.data;
  return [sent, request({ id: messageId, height }, command, context)];
}

function regenerate(command: Of<'requestReply'>, state: Conversation, context: DecisionContext): Decision {
  const parent = resolveMessage(state, command.parentId);
  if (!parent) return unknownMessage(command.parentId);
  return state.active ? runActive(state.active) : [request(parent, command, context)];
}

function append(command: Of<'appendMessage'>, state: Conversation, context: DecisionContext): Decision {
  const known = command.alias === undefined ? undefined : resolveMessage(state, command.alias);
  if (known) return alreadySent(known.id, lastReplyTo(state, known.id));
  const parent = parentOf(command.parentId, state);
  return parent === 'unknown' ? unknownMessage(String(command.parentId)) : [sentEvent(command, parent, context)];
}

function replace(command: Of<'replaceMessageContent'>, state: Conversation): Decision {
  const node = resolveMessage(state, command.messageId);
  if (!node) return unknownMessage(command.messageId);
  if (node.runId) return refuse('MessageOwnedByRun', 'This message is the answer of a run: its text cannot be replaced. Regenerate it instead.');
  const { conversationId, parts, metadata } = command;
  return [happened.MessageContentReplaced({ conversationId, messageId: node.id, parts, metadata })];
}

function adopt({ conversationId, messageId, alias }: Of<'adoptMessage'>, state: Conversation): Decision {
  const node = state.nodes.get(messageId);
  if (!node) return unknownMessage(messageId);
  if (node.adopted) return [];
  return [happened.MessageAdopted({ conversationId, messageId, alias })];
}

function choose({ conversationId, messageId }: Of<'chooseBranch'>, state: Conversation): Decision {
  const node = resolveMessage(state, messageId);
  if (!node) return unknownMessage(messageId);
  return node.id === state.leaf ? [] : [happened.BranchChosen({ conversationId, messageId: node.id })];
}

function feedback({ conversationId, messageId, rating, comment }: Of<'giveFeedback'>, state: Conversation): Decision {
  const node = resolveMessage(state, messageId);
  if (!node) return unknownMessage(messageId);
  return [happened.FeedbackGiven({ conversationId, messageId: node.id, rating, comment })];
}

/** Said again, `ephemeral` counts anew. */
function retain({ conversationId, retention }: Of<'setConversationRetention'>, { retention: before }: Conversation): Decision {
  if (retention.keep !== 'ephemeral' && JSON.stringify(retention) === JSON.stringify(before)) return [];
  return [happened.ConversationRetentionSet({ conversationId, before, retention })];
}

function settle({ conversationId, runId, outcome }: Of<'settleReply'>, state: Conversation): Decision {
  const run = state.runs.get(runId);
  if (!run) return refuse('NotFound', 'There is no such run in this thread.');
  return run.outcome === undefined ? [happened.ReplySettled({ conversationId, runId, outcome })] : [];
}

function sentEvent(command: Of<'appendMessage'> | (Of<'sendMessage'> & { role: 'user' }), parent: Node | null, { newId }: DecisionContext) {
  const { conversationId, role, alias, parts, metadata } = command;
  const expansion = 'expansion' in command ? command.expansion : undefined;
  return happened.MessageSent({
    conversationId,
    messageId: newId('msg_') as MessageId,
    parentId: parent?.id ?? null,
    height: parent ? parent.height + 1 : 0,
    role,
    fileIds: parts.flatMap((part) => (part.type === 'file' && part.fileId ? [part.fileId as FileId] : [])),
    promptId: expansion?.promptId,
    parts,
    alias,
    metadata,
    expansion,
  });
}

function request(
  parent: Pick<Node, 'id' | 'height'>,
  command: { conversationId: ConversationId; model?: string; tools?: Tools },
  { newId }: DecisionContext,
): NewEvent {
  return happened.ReplyRequested({
    conversationId: command.conversationId,
    runId: newId('run_') as RunId,
    messageId: newId('msg_') as MessageId,
    parentId: parent.id,
    height: parent.height + 1,
    model: command.model,
    tools: command.tools?.length ? command.tools : undefined,
  });
}

const parentOf = (id: string | null, state: Conversation): Node | null | 'unknown' => (id === null ? null : (resolveMessage(state, id) ?? 'unknown'));

const unknownMessage = (id: string): Refusal => refuse('MessageNotFound', `There is no message ${id} in this thread.`, { messageId: id });
const runActive = (runId: RunId): Refusal =>
  refuse('RunActive', 'An answer is still being written in this thread: stop it or wait for its end.', { runId });
const alreadySent = (messageId: MessageId, reply: ReturnType<typeof lastReplyTo>): Refusal =>
  refuse('AlreadySent', 'This message is already in the thread.', {
    messageId,
    ...(reply ? { runId: reply.runId, replyId: reply.messageId, ...(reply.outcome ? { outcome: reply.outcome } : {}) } : {}),
  });
