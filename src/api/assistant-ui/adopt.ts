import canonicalize from 'canonicalize';
import type { z } from 'zod';
import { adoptMessage, appendMessage } from '../../commands/conversation.ts';
import { type Conversation, type Node, resolveMessage } from '../../domain/conversation/index.ts';
import type { ConversationId, MessageId, RunId } from '../../domain/ids.ts';
import type { Part } from '../../domain/message.ts';
import { auiCandidates } from '../../projections/queries/assistant-ui-messages.ts';
import { auiConversation } from '../../projections/queries/assistant-ui-runs.ts';
import { done, needed } from '../http/outcome.ts';
import type { RouteRequest } from '../http/request.ts';
import type { Dialect } from './dialect.ts';
import { withOwnFiles } from './own-files.ts';
import { joinKeysOf } from './wire/aui-v0.ts';
import type { MessageCreateRequest } from './wire/cloud-requests.ts';
import { messageFromContent } from './wire/message-format.ts';
import type { WireMessage } from './wire/wire-message.ts';

type Posted = z.output<typeof MessageCreateRequest>;
export interface Adopted {
  readonly messageId: MessageId;
  /** False when this very row had been posted before. */
  readonly news: boolean;
}

/** The row that a client posts: one that is here already, if any is the same, else a new one (docs: "Adopting what assistant-ui posts"). */
export const adoptRow = (dialect: Dialect, request: RouteRequest, conversationId: ConversationId, posted: Posted): Promise<Adopted> =>
  dialect.inTurn(conversationId, () => adopt(dialect, request, conversationId, posted));

async function adopt(dialect: Dialect, request: RouteRequest, conversationId: ConversationId, posted: Posted): Promise<Adopted> {
  const { ask, principal, req } = request;
  const conversation = needed(await ask(auiConversation({ conversationId })));
  const message = messageFromContent(posted.format, posted.content, dialect.addresses.links(req, principal));
  const named = runNodeOf(message, conversation) ?? aliased(conversation, posted.external_id);
  if (named) return takeOver(request, conversationId, named.id, named.adopted);

  const parent = aliased(conversation, posted.parent_id) ?? aliased(conversation, posted.parent_external_id);
  const parentId = parent?.id ?? null;
  const { role, metadata } = message;
  const parts = await withOwnFiles(request, conversationId, message.parts);
  const commandId = dialect.commandId(['append', principal.id, conversationId, parentId, role, parts]);
  const equal = await equalRows(request, { conversationId, parentId, role }, parts);
  const own = equal.find((row) => row.commandId === commandId);
  const waiting = equal.find((row) => row.adoptedAt === undefined && row !== own);
  const last = own ?? equal.toSorted((a, b) => Number((a.adoptedAt ?? 0n) - (b.adoptedAt ?? 0n))).at(-1);
  if (waiting) return takeOver(request, conversationId, waiting.id, false);
  if (last) return { messageId: last.id, news: false };

  const alias = posted.external_id ?? undefined;
  const row = { conversationId, role, parts, metadata, parentId, ...(alias === undefined ? {} : { alias }) };
  const { result, duplicate } = done(await request.tell(appendMessage(row), { commandId }));
  return { messageId: result.messageId as MessageId, news: !duplicate };
}

async function takeOver(request: RouteRequest, conversationId: ConversationId, messageId: MessageId, adopted: boolean): Promise<Adopted> {
  if (!adopted) done(await request.tell(adoptMessage({ conversationId, messageId })));
  return { messageId, news: !adopted };
}

const aliased = (conversation: Conversation, name: string | null | undefined): Node | undefined =>
  name ? resolveMessage(conversation, name) : undefined;

/** The answer of ours that a client's copy names in its metadata. */
export function runNodeOf({ role, metadata }: WireMessage, conversation: Conversation): Node | undefined {
  if (role !== 'assistant') return undefined;
  const { runId, messageIds } = joinKeysOf(metadata);
  const run = runId === undefined ? undefined : conversation.runs.get(runId as RunId);
  if (run) return conversation.nodes.get(run.messageId);
  return messageIds.map((id) => resolveMessage(conversation, id)).find((node) => node?.runId !== undefined);
}

/** The messages at this place that say the same. */
export async function equalRows({ ask }: RouteRequest, place: Parameters<typeof auiCandidates>[0], parts: readonly Part[]) {
  const wanted = canonicalize(parts);
  return needed(await ask(auiCandidates(place))).filter((row) => canonicalize(row.parts) === wanted);
}
