import { stopRun } from '../../commands/run.ts';
import { type Conversation, resolveMessage } from '../../domain/conversation/index.ts';
import type { ConversationId } from '../../domain/ids.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import type { Readers } from './readers.ts';

/** Stops the thread's active run, if it is the one meant; answers which. */
export async function stopActive(
  { tell }: RouteRequest,
  conversationId: ConversationId,
  { active, runs }: Conversation,
  meant?: string,
): Promise<string | undefined> {
  const run = active && runs.get(active);
  if (!active || !run || (meant !== undefined && meant !== active)) return undefined;
  const told = await tell(stopRun({ conversationId, runId: active, messageId: run.messageId }));
  if (!told.ok && told.error.code === 'Forbidden') throw new HttpError(told.error.code, told.error.message);
  return active;
}

/**
 * The run that a client's report of a stop is about. Reports come late, and a message sent in the meantime has begun another run: that one is still read by
 * the request that began it, while a stop always cuts the reading off.
 */
export function stoppedRun(conversation: Conversation, readers: Readers, messageId: string | undefined): string | undefined {
  const named = messageId === undefined ? undefined : resolveMessage(conversation, messageId)?.runId;
  if (named !== undefined) return named;
  return conversation.active && !readers.isRead(conversation.active) ? conversation.active : undefined;
}
