import { branchOf, type Conversation, lastReplyTo, type Node, resolveMessage } from '../../domain/conversation/index.ts';
import type { MessageId } from '../../domain/ids.ts';
import { runNodeOf } from './adopt.ts';
import type { ChatRequest } from './wire/chat-request.ts';
import type { ChatMessage } from './wire/language-model-messages.ts';

/** The message of the tree that a message of the request is. */
export const nodeOf = (message: ChatMessage, conversation: Conversation): Node | undefined =>
  (message.id === undefined ? undefined : resolveMessage(conversation, message.id)) ?? runNodeOf(message, conversation);

/**
 * After which message the request's last one stands: the one before it. What the tree does not know is passed over, so that an answer cut off before it
 * had a name does not lose what came before it; if it knows none, the message begins a tree of its own.
 */
export function parentOf({ messages, parentId, protocol }: ChatRequest, conversation: Conversation): MessageId | null {
  if (parentId !== undefined && protocol === 'ui-message') return parentId === null ? null : (resolveMessage(conversation, parentId)?.id ?? null);
  const before = messages.slice(0, -1).filter(({ role }) => role !== 'system');
  if (before.every(({ id }) => id === undefined)) return branchOf(conversation, conversation.leaf)[before.length - 1]?.id ?? null;
  for (const [index, message] of [...before.entries()].reverse()) {
    const node = nodeOf(message, conversation);
    if (!node) continue;
    const skippedAnswer = before[index + 1]?.role === 'assistant';
    return (skippedAnswer ? lastReplyTo(conversation, node.id)?.messageId : undefined) ?? node.id;
  }
  return null;
}

/** The message that is to be answered anew: what the named answer answers, or the last of the person's. */
export function askedAgain({ messages, messageId }: ChatRequest, conversation: Conversation): Node | undefined {
  const answer = messageId === undefined ? undefined : resolveMessage(conversation, messageId);
  if (answer?.role === 'assistant' && answer.parentId !== null) return conversation.nodes.get(answer.parentId);
  const last = messages.findLast(({ role }) => role === 'user');
  return last && nodeOf(last, conversation);
}

/** Messages of the person at this place that no client has named and nothing follows: one of them may be the request's last, posted before it was sent. */
export const namelessAt = ({ nodes, aliases }: Conversation, parentId: MessageId | null): boolean => {
  const named = new Set(aliases.values());
  const parents = new Set([...nodes.values()].map((node) => node.parentId));
  return [...nodes.values()].some(
    (node) => node.parentId === parentId && node.role === 'user' && !node.adopted && !named.has(node.id) && !parents.has(node.id),
  );
};
