import { adoptMessage, requestReply, sendMessage } from '../../commands/conversation.ts';
import type { Conversation, Node } from '../../domain/conversation/index.ts';
import type { ConversationId, MessageId, RunId } from '../../domain/ids.ts';
import type { Part } from '../../domain/message.ts';
import { auiConversation, auiRun } from '../../projections/queries/assistant-ui-runs.ts';
import { done, needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { equalRows } from './adopt.ts';
import { notHere, threadIn } from './answers.ts';
import { askedAgain, namelessAt, nodeOf, parentOf } from './chat-place.ts';
import type { Dialect } from './dialect.ts';
import { withOwnFiles } from './own-files.ts';
import { type RunPlace, tellToolFacts } from './tool-facts.ts';
import type { ChatRequest } from './wire/chat-request.ts';
import type { ChatMessage } from './wire/language-model-messages.ts';

/** What the chat answers with: a run, from a segment on. */
export interface Answered extends RunPlace {
  readonly segment: number;
  /** Tool calls of the message that the client goes on with. */
  readonly held: readonly string[];
  /** The run still waits for somebody: nothing more is written now. */
  readonly waits?: boolean;
}

/** Finds or makes the run that answers the request. */
export async function answerChat(dialect: Dialect, request: RouteRequest, chat: ChatRequest): Promise<Answered> {
  if (chat.threadId === undefined)
    throw new HttpError('InvalidInput', 'The chat request names no thread: make one with POST /aui/v1/threads and send its id.');
  const conversationId = threadIn(chat.threadId);
  const conversation = needed(await request.ask(auiConversation({ conversationId })));
  const options = await chosen(request, chat);
  const last = chat.messages.findLast(({ role }) => role !== 'system');
  if (chat.trigger === 'regenerate-message') {
    const asked = askedAgain(chat, conversation);
    if (asked) return regenerate(request, conversationId, asked.id, options);
  }
  if (last?.role === 'assistant') return goOn(request, conversationId, conversation, last);
  if (!last) throw notHere('message');
  return send(dialect, request, { conversationId, conversation, chat, last, options });
}

type Options = Awaited<ReturnType<typeof chosen>>;

async function chosen({ annals, principal }: RouteRequest, { model, tools }: ChatRequest) {
  if (model !== undefined && !(await annals.models.list(principal.id)).some(({ id }) => id === model)) {
    throw new HttpError('InvalidInput', `There is no model ${model} here: choose one of the list.`);
  }
  return { ...(model === undefined ? {} : { model }), ...(tools.length === 0 ? {} : { tools: [...tools] }), onActive: 'stop' as const };
}

const fromStart = (conversationId: ConversationId, runId: unknown, messageId: unknown): Answered => ({
  conversationId,
  runId: runId as RunId,
  messageId: messageId as MessageId,
  segment: 0,
  held: [],
});

async function regenerate({ tell }: RouteRequest, conversationId: ConversationId, parentId: MessageId, options: Options): Promise<Answered> {
  const { runId, replyId } = done(await tell(requestReply({ conversationId, parentId, ...options }))).result;
  return fromStart(conversationId, runId, replyId);
}

interface Sending {
  readonly conversationId: ConversationId;
  readonly conversation: Conversation;
  readonly chat: ChatRequest;
  readonly last: ChatMessage;
  readonly options: Options;
}

/** A message without an id that stands there already is one whose answer is wanted anew: such clients say it in no other way. */
async function send(dialect: Dialect, request: RouteRequest, { conversationId, conversation, chat, last, options }: Sending): Promise<Answered> {
  const parts = await withOwnFiles(request, conversationId, last.parts);
  const place = { conversationId, parentId: parentOf(chat, conversation), role: 'user' as const };
  const same = last.id === undefined ? (await equalRows(request, place, parts)).at(-1) : undefined;
  if (same) return regenerate(request, conversationId, same.id, options);

  const known = nodeOf(last, conversation);
  const edited = known && chat.messageId === last.id && !(await isEqual(request, conversationId, known, parts));
  const alias = edited ? undefined : last.id;
  const tell = (parentId: MessageId | null) =>
    request.tell(
      sendMessage({ conversationId, parts, parentId, metadata: last.metadata, ...(alias === undefined ? {} : { alias }), reply: true, ...options }),
    );
  const told =
    alias === undefined || known
      ? await tell(edited ? known.parentId : place.parentId)
      : await dialect.inTurn(conversationId, async () => {
          const now = needed(await request.ask(auiConversation({ conversationId })));
          const parentId = parentOf(chat, now);
          if (namelessAt(now, parentId)) await takeName(request, { conversationId, parentId, alias }, parts);
          return tell(parentId);
        });
  if (told.ok) return fromStart(conversationId, told.result.runId, told.result.replyId);
  const { code, details } = told.error;
  if (code === 'AlreadySent' && details?.runId) return fromStart(conversationId, details.runId, details.replyId);
  return done(told) as never;
}

/** An AI SDK app edits a message under the id that it had. */
const isEqual = async (
  request: RouteRequest,
  conversationId: ConversationId,
  { id, parentId, role }: Node,
  parts: readonly Part[],
): Promise<boolean> => (await equalRows(request, { conversationId, parentId, role }, parts)).some((row) => row.id === id);

/** In turn with what clients post: a row that the client posted before it sent the message gets the message's name, so that it is not written a second time. */
async function takeName(
  request: RouteRequest,
  { conversationId, parentId, alias }: { conversationId: ConversationId; parentId: MessageId | null; alias: string },
  parts: readonly Part[],
) {
  const [row] = (await equalRows(request, { conversationId, parentId, role: 'user' }, parts)).filter(({ adoptedAt }) => adoptedAt === undefined);
  if (row) done(await request.tell(adoptMessage({ conversationId, messageId: row.id, alias })));
}

/** The request ends in an answer: the client has brought what that run waits for, or wants to see how it went on. */
async function goOn(request: RouteRequest, conversationId: ConversationId, conversation: Conversation, last: ChatMessage): Promise<Answered> {
  const node = nodeOf(last, conversation);
  if (node?.runId === undefined)
    throw new HttpError('InvalidInput', 'The last message is an answer that is not in this thread: send a message of your own.');
  const place = { conversationId, runId: node.runId, messageId: node.id };
  const { run } = needed(await request.ask(auiRun({ conversationId, runId: node.runId })));
  const { told, refused } = await tellToolFacts(request, place, run, last.parts);
  if (refused) throw new HttpError(refused.code, sentenceFor(refused.code, refused.message), refused.details);
  const after = told === 0 ? run : needed(await request.ask(auiRun({ conversationId, runId: node.runId }))).run;
  if (told === 0 && run.status !== 'between' && run.segment === 0 && run.status !== 'streaming') {
    throw new HttpError(
      'Conflict',
      run.status === 'waiting' ? 'The answer still waits for your decision.' : 'This answer has ended: send a message of your own.',
    );
  }
  const held = last.parts.flatMap((part) => (part.type === 'tool' ? [part.toolCallId] : []));
  const next = told > 0 || run.status === 'between' ? run.segment + 1 : run.segment;
  return { ...place, segment: next, held, ...(after.status === 'waiting' ? { waits: true } : {}) };
}

const sentenceFor = (code: string, message: string): string =>
  code === 'RunEnded' ? 'This question can no longer be answered: the answer that asked it has ended. Send your message again.' : message;
