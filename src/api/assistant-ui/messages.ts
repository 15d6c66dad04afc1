import { z } from 'zod';
import { giveFeedback, replaceMessageContent } from '../../commands/conversation.ts';
import { resolveMessage } from '../../domain/conversation/index.ts';
import { auiMessages } from '../../projections/queries/assistant-ui-messages.ts';
import { auiConversation, auiRun } from '../../projections/queries/assistant-ui-runs.ts';
import { json } from '../http/answer.ts';
import { LARGE_BODY_LIMIT } from '../http/body.ts';
import { done, needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { adoptRow } from './adopt.ts';
import { asJson, cloudErrors, cloudRefusals, notHere, nothing, tags, threadIn } from './answers.ts';
import type { Dialect } from './dialect.ts';
import { messageJson } from './message-json.ts';
import { withOwnFiles } from './own-files.ts';
import { tellToolFacts } from './tool-facts.ts';
import { FeedbackRequest, MessageCreateRequest, MessageListQuery, MessagesDeleteRequest, MessageUpdateRequest } from './wire/cloud-requests.ts';
import { messageFromContent } from './wire/message-format.ts';
import { EmptyResponse, FeedbackResponse, MessageCreatedResponse, MessageListResponse } from './wire/thread-json.ts';
import { uiFormat } from './wire/ui-message.ts';

const Thread = z.object({ threadId: z.string() });
const Message = Thread.extend({ messageId: z.string() });

export function messageRoutes(dialect: Dialect): readonly RouteDefinition[] {
  const { addresses } = dialect;

  const list = route({
    method: 'GET',
    path: '/aui/v1/threads/{threadId}/messages',
    summary: 'The messages of a thread, all branches',
    description:
      'Newest first, except that the first row is the end of the branch that was chosen last. `ai-sdk/v6` and `aui/v0` are made from the same messages, whichever they came in; of any other format only what was stored in it is shown. `after` is the id of the last row of the page before.',
    tags,
    params: Thread,
    query: MessageListQuery,
    errors: cloudErrors,
    responses: { 200: { description: 'A page of messages.', schema: MessageListResponse }, ...cloudRefusals },
    handle: async ({ ask, req, principal, params, query: { format = uiFormat, limit, after } }) => {
      const page = { conversationId: threadIn(params.threadId), limit, ...(after === undefined ? {} : { after }) };
      const links = addresses.links(req, principal);
      return json(200, { messages: needed(await ask(auiMessages(page))).flatMap((message) => messageJson(message, format, links) ?? []) });
    },
  });

  const create = route({
    method: 'POST',
    path: '/aui/v1/threads/{threadId}/messages',
    summary: 'Store a message, or say that one’s copy is one of ours',
    description:
      'A row that is here already is never stored again: an answer is known by `metadata.custom.runId`, any other row by equal parts under the same parent. An unknown parent counts as none.',
    tags,
    params: Thread,
    body: MessageCreateRequest,
    bodyLimit: LARGE_BODY_LIMIT,
    errors: cloudErrors,
    responses: {
      200: { description: 'This row had been posted before.', schema: MessageCreatedResponse },
      201: { description: 'The row has this id from now on.', schema: MessageCreatedResponse },
      ...cloudRefusals,
    },
    handle: async (request) => {
      const { messageId, news } = await adoptRow(dialect, request, threadIn(request.params.threadId), request.body);
      return json(news ? 201 : 200, { message_id: messageId });
    },
  });

  const update = route({
    method: 'PUT',
    path: '/aui/v1/threads/{threadId}/messages/{messageId}',
    summary: 'Replace the content of a message',
    description: 'Of an answer that the server wrote only what the client alone knows is taken: outputs of its own tools, answers to approvals.',
    tags,
    params: Message,
    body: MessageUpdateRequest.extend({ format: z.string().max(64).default(uiFormat) }),
    bodyLimit: LARGE_BODY_LIMIT,
    errors: cloudErrors,
    responses: { 200: { description: 'Done.', schema: EmptyResponse }, ...cloudRefusals },
    handle: async (request) => {
      const { ask, tell, req, principal, params, body } = request;
      const conversationId = threadIn(params.threadId);
      const node = resolveMessage(needed(await ask(auiConversation({ conversationId }))), params.messageId);
      if (!node) throw notHere('message');
      const format = Array.isArray(body.content['content']) ? 'aui/v0' : body.format;
      const { parts, metadata } = messageFromContent(format, body.content, addresses.links(req, principal));
      const { id: messageId, runId } = node;
      if (runId === undefined) {
        done(await tell(replaceMessageContent({ conversationId, messageId, parts: await withOwnFiles(request, conversationId, parts), metadata })));
      } else {
        const { run } = needed(await ask(auiRun({ conversationId, runId })));
        await tellToolFacts(request, { conversationId, runId, messageId }, run, parts);
      }
      return nothing;
    },
  });

  const remove = route({
    method: 'DELETE',
    path: '/aui/v1/threads/{threadId}/messages',
    summary: 'Refused: single messages are not deleted',
    description:
      'A thread is a tree that keeps every branch, and what was answered rests on what was asked. Edit the message before it, which begins another branch, or delete the whole thread, which erases all of it.',
    tags,
    params: Thread,
    body: MessagesDeleteRequest,
    errors: cloudErrors,
    responses: {
      200: { description: 'Nothing was named that is here.', schema: EmptyResponse },
      409: asJson('Messages are not deleted one by one.'),
      ...cloudRefusals,
    },
    handle: async ({ ask, params, body }) => {
      const conversation = needed(await ask(auiConversation({ conversationId: threadIn(params.threadId) })));
      if (!body.message_ids.some((id) => resolveMessage(conversation, id))) return nothing;
      throw new HttpError(
        'Conflict',
        'Messages are not deleted one by one here: delete the thread, or edit the message before to begin another branch.',
      );
    },
  });

  const feedback = route({
    method: 'POST',
    path: '/aui/v1/threads/{threadId}/messages/{messageId}/feedback',
    summary: 'Say whether an answer was good',
    description: 'The last word counts. It is shown with the message as `metadata.submittedFeedback`.',
    tags,
    params: Message,
    body: FeedbackRequest,
    errors: cloudErrors,
    responses: { 200: { description: 'Kept.', schema: FeedbackResponse }, ...cloudRefusals },
    handle: async ({ ask, tell, params, body: { type, comment } }) => {
      const conversationId = threadIn(params.threadId);
      const node = resolveMessage(needed(await ask(auiConversation({ conversationId }))), params.messageId);
      if (!node) throw notHere('message');
      const said = comment ? { comment: comment.slice(0, 10_000) } : {};
      done(await tell(giveFeedback({ conversationId, messageId: node.id, rating: type, ...said })));
      return json(200, { feedback_id: `feedback_${node.id}`, type, ...said });
    },
  });

  return [list, create, update, remove, feedback];
}
