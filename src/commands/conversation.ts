import { z } from 'zod';
import {
  type Conversation,
  conversationStream,
  conversations,
  FeedbackGiven,
  MessageContentReplaced,
  MessageSent,
  Metadata,
  ReplyRequested,
  resolveMessage,
  ToolSchema,
} from '../domain/conversation/index.ts';
import type { EventOf, RecordedEvent } from '../domain/event.ts';
import { ConversationId, IsoTime, MessageId, type PersonId, RunId } from '../domain/ids.ts';
import { Outcome, Part, Role } from '../domain/message.ts';
import type { Principal } from '../domain/principal.ts';
import { ConversationRetention } from '../domain/retention.ts';
import { command, firstDataOf, type Policy, type Repair } from './command.ts';
import { allowedModel, annalsOnly, anyPerson, both, ownerOnly, ownerOrShared } from './policy.ts';
import { settleActiveRun } from './settle-active-run.ts';

const Title = z.string().trim().min(1).max(255);
const MessageRef = z.string().min(1).max(255);
const target = { conversationId: ConversationId };
const aggregate = conversations;
const stream = ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId);
const owned = { stream, aggregate, policy: ownerOnly as Policy<unknown, Conversation>, needs: 'conversation.manage' } as const;
const managed = { stream, aggregate, policy: ownerOrShared as Policy<unknown, Conversation>, needs: 'conversation.manage' } as const;
const authored: ReadonlySet<string> = new Set([MessageSent.type, MessageContentReplaced.type, FeedbackGiven.type]);
/** What somebody else writes into a shared conversation is theirs; the answers are the owner's, as is everything else. */
const written = {
  stream,
  aggregate,
  policy: ownerOrShared as Policy<unknown, Conversation>,
  needs: 'conversation.edit',
  subject: (_input: unknown, principal: Principal, owner: PersonId | undefined, type: string): PersonId => {
    const isAuthors = principal.kind !== 'service' && authored.has(type);
    return isAuthors ? principal.id : (owner ?? principal.onBehalfOf ?? principal.id);
  },
} as const;
/** The words of others are replaced by nobody but the owner of the whole. */
const ownWords: Policy<{ messageId: string }, Conversation> = ({ principal, owner, input, state }) => {
  const author = state?.nodes ? resolveMessage(state, input.messageId)?.author : undefined;
  if (principal.kind === 'service' || owner === principal.id || author === undefined || author === principal.id) return 'allow';
  return { code: 'Forbidden', message: 'This message is somebody else’s: write one of your own.' };
};

export const startConversation = command('startConversation', {
  input: z.object({
    title: Title.optional(),
    metadata: Metadata.optional(),
    externalId: z.string().min(1).max(255).optional(),
    lastMessageAt: IsoTime.optional(),
  }),
  stream: (_input, _principal, newId) => conversationStream(newId('thread_')),
  policy: anyPerson,
  needs: 'conversation.create',
  aggregate,
  subject: (_input, principal) => principal.onBehalfOf ?? principal.id,
  result: (events) => ({ conversationId: firstDataOf<{ conversationId: ConversationId }>(events).conversationId }),
});

const simple = (name: string) => command(name, { input: z.object(target), ...owned });
export const archiveConversation = simple('archiveConversation');
export const unarchiveConversation = simple('unarchiveConversation');
export const trashConversation = simple('trashConversation');
export const restoreConversation = simple('restoreConversation');
export const deleteConversation = command('deleteConversation', { input: z.object(target), ...owned, needs: 'conversation.delete' });

export const renameConversation = command('renameConversation', { input: z.object({ ...target, title: Title }), ...managed });
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
  ...written,
  policy: both(ownerOrShared as Policy<{ model?: string | undefined }, Conversation>, allowedModel),
  callsModel: ({ reply }) => reply,
  result: sent,
  onRefusal: { RunActive },
});

export const requestReply = command('requestReply', {
  input: z.object({ ...target, parentId: MessageRef, model: z.string().optional(), tools: z.array(ToolSchema).max(128).optional(), onActive }),
  ...written,
  policy: both(ownerOrShared as Policy<{ model?: string | undefined }, Conversation>, allowedModel),
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
  ...written,
  result: sent,
});
export const replaceMessageContent = command('replaceMessageContent', {
  input: z.object({ ...target, messageId: MessageRef, parts: z.array(Part), metadata: Metadata.optional() }),
  ...written,
  policy: both(ownerOrShared as Policy<{ messageId: string }, Conversation>, ownWords),
});
export const adoptMessage = command('adoptMessage', {
  input: z.object({ ...target, messageId: MessageId, alias: MessageRef.optional() }),
  ...written,
});
export const chooseBranch = command('chooseBranch', { input: z.object({ ...target, messageId: MessageRef }), ...written });
export const giveFeedback = command('giveFeedback', {
  input: z.object({ ...target, messageId: MessageRef, rating: z.enum(['positive', 'negative']), comment: z.string().max(10_000).optional() }),
  ...written,
});
export const setConversationRetention = command('setConversationRetention', {
  input: z.object({ ...target, retention: ConversationRetention }),
  ...owned,
});
export const settleReply = command('settleReply', { input: z.object({ ...target, runId: RunId, outcome: Outcome }), ...owned, policy: annalsOnly });
