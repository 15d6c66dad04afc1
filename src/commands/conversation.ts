import { z } from 'zod';
import {
  type Conversation,
  conversationStream,
  conversations,
  MessageSent,
  Metadata,
  ReplyRequested,
  ToolSchema,
} from '../domain/conversation/index.ts';
import type { EventOf, RecordedEvent } from '../domain/event.ts';
import { ConversationId, IsoTime, MessageId, RunId } from '../domain/ids.ts';
import { Outcome, Part, Role } from '../domain/message.ts';
import { ConversationRetention } from '../domain/retention.ts';
import { command, firstDataOf, type Policy, type Repair } from './command.ts';
import { annalsOnly, anyPerson, ownerOnly } from './policy.ts';
import { settleActiveRun } from './settle-active-run.ts';

const Title = z.string().trim().min(1).max(255);
const MessageRef = z.string().min(1).max(255);
const target = { conversationId: ConversationId };
const aggregate = conversations;
const stream = ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId);
const owned = { stream, aggregate, policy: ownerOnly as Policy<unknown, Conversation> };

export const startConversation = command('startConversation', {
  input: z.object({
    title: Title.optional(),
    metadata: Metadata.optional(),
    externalId: z.string().min(1).max(255).optional(),
    lastMessageAt: IsoTime.optional(),
  }),
  stream: (_input, _principal, newId) => conversationStream(newId('thread_')),
  policy: anyPerson,
  aggregate,
  subject: (_input, principal) => principal.onBehalfOf ?? principal.id,
  result: (events) => ({ conversationId: firstDataOf<{ conversationId: ConversationId }>(events).conversationId }),
});

const simple = (name: string) => command(name, { input: z.object(target), ...owned });
export const archiveConversation = simple('archiveConversation');
export const unarchiveConversation = simple('unarchiveConversation');
export const trashConversation = simple('trashConversation');
export const restoreConversation = simple('restoreConversation');
export const deleteConversation = simple('deleteConversation');

export const renameConversation = command('renameConversation', { input: z.object({ ...target, title: Title }), ...owned });
/** A generated title: never over a person's own. */
export const titleConversation = command('titleConversation', { input: z.object({ ...target, title: Title }), ...owned, policy: annalsOnly });
export const setConversationMetadata = command('setConversationMetadata', {
  input: z.object({ ...target, metadata: Metadata.nullable() }),
  ...owned,
});
export const touchConversation = command('touchConversation', { input: z.object({ ...target, lastMessageAt: IsoTime }), ...owned });

/** What a message came to: its own id, and the run that answers it where one was asked for. */
export interface Sent {
  readonly messageId?: MessageId;
  readonly parentId?: MessageId | null;
  readonly runId?: RunId;
  readonly replyId?: MessageId;
}

const dataOf = <Definition>(
  events: readonly RecordedEvent[],
  type: string,
): EventOf<Definition> extends { data: infer Data } ? Data | undefined : never => events.find((event) => event.type === type)?.data as never;

function sent(events: readonly RecordedEvent[]): Sent {
  const message = dataOf<typeof MessageSent>(events, MessageSent.type);
  const reply = dataOf<typeof ReplyRequested>(events, ReplyRequested.type);
  return { messageId: message?.messageId ?? reply?.parentId, parentId: message?.parentId, runId: reply?.runId, replyId: reply?.messageId };
}

/** What happens to an answer that is still being written: `stop` ends it first, `refuse` answers `RunActive`. */
const onActive = z.enum(['refuse', 'stop']).default('refuse');
const RunActive = (repair: Repair<{ conversationId: ConversationId; onActive?: 'refuse' | 'stop' }>) => settleActiveRun(repair, settleReply);

export const sendMessage = command('sendMessage', {
  input: z.object({
    ...target,
    parts: z.array(Part).min(1),
    metadata: Metadata.optional(),
    /** The client's own id of the message: sending it again answers `AlreadySent`. */
    alias: MessageRef.optional(),
    /** Absent: after the message shown last. */
    parentId: MessageRef.nullable().optional(),
    model: z.string().optional(),
    tools: z.array(ToolSchema).max(128).optional(),
    reply: z.boolean().default(true),
    onActive,
  }),
  ...owned,
  callsModel: ({ reply }) => reply,
  result: sent,
  onRefusal: { RunActive },
});

export const requestReply = command('requestReply', {
  input: z.object({ ...target, parentId: MessageRef, model: z.string().optional(), tools: z.array(ToolSchema).max(128).optional(), onActive }),
  ...owned,
  callsModel: () => true,
  result: sent,
  onRefusal: { RunActive },
});

export const appendMessage = command('appendMessage', {
  input: z.object({
    ...target,
    role: Role,
    parts: z.array(Part),
    metadata: Metadata.optional(),
    alias: MessageRef.optional(),
    parentId: MessageRef.nullable(),
  }),
  ...owned,
  result: sent,
});
export const replaceMessageContent = command('replaceMessageContent', {
  input: z.object({ ...target, messageId: MessageRef, parts: z.array(Part), metadata: Metadata.optional() }),
  ...owned,
});
export const adoptMessage = command('adoptMessage', { input: z.object({ ...target, messageId: MessageId, alias: MessageRef.optional() }), ...owned });
export const chooseBranch = command('chooseBranch', { input: z.object({ ...target, messageId: MessageRef }), ...owned });
export const giveFeedback = command('giveFeedback', {
  input: z.object({ ...target, messageId: MessageRef, rating: z.enum(['positive', 'negative']), comment: z.string().max(10_000).optional() }),
  ...owned,
});
export const setConversationRetention = command('setConversationRetention', {
  input: z.object({ ...target, retention: ConversationRetention }),
  ...owned,
});
export const settleReply = command('settleReply', { input: z.object({ ...target, runId: RunId, outcome: Outcome }), ...owned, policy: annalsOnly });
