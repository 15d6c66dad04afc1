import * as commands from '../../commands/conversation.ts';
import { getMessage, listMessages } from '../../projections/queries/messages.ts';
import { asks } from '../http/asks.ts';
import { LARGE_BODY_LIMIT } from '../http/body.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done, Message, MessagePage, Sent } from './schemas.ts';

const tags = ['Messages'];

export const messageRoutes: readonly RouteDefinition[] = routes({
  'GET /api/conversations/{conversationId}/messages': asks(listMessages, {
    summary: 'Its messages of all branches, the newest first',
    tags,
    result: MessagePage,
  }),
  'GET /api/conversations/{conversationId}/messages/{messageId}': asks(getMessage, {
    summary: 'One message, by its id or by the client’s own',
    tags,
    result: Message,
  }),
  'POST /api/conversations/{conversationId}/messages': tells(commands.sendMessage, {
    summary: 'Send a message and have it answered',
    description:
      'Follow the answer at `/api/conversations/{conversationId}/runs/{runId}/stream`. With `parentId` it is an edit: a new branch beside what followed that message before. `alias` is the client’s own id: the same one again answers 409 `AlreadySent` with the run to follow. `reply: false` sends without an answer.',
    tags,
    status: 201,
    bodyLimit: LARGE_BODY_LIMIT,
    result: Sent,
  }),
  'POST /api/conversations/{conversationId}/messages/append': tells(commands.appendMessage, {
    summary: 'Add a message that was written elsewhere; nothing answers it',
    tags,
    status: 201,
    bodyLimit: LARGE_BODY_LIMIT,
    result: Sent,
  }),
  'POST /api/conversations/{conversationId}/messages/{parentId}/reply': tells(commands.requestReply, {
    summary: 'Have a message answered, or answered once more',
    description: 'A new answer stands beside the ones before.',
    tags,
    status: 201,
    result: Sent,
  }),
  'PUT /api/conversations/{conversationId}/messages/{messageId}/content': tells(commands.replaceMessageContent, {
    summary: 'Replace what a message says; an answer of a run cannot be replaced',
    tags,
    bodyLimit: LARGE_BODY_LIMIT,
    result: Done,
  }),
  'PUT /api/conversations/{conversationId}/messages/{messageId}/feedback': tells(commands.giveFeedback, {
    summary: 'Say whether an answer was good',
    tags,
    result: Done,
  }),
  'PUT /api/conversations/{conversationId}/branch': tells(commands.chooseBranch, {
    summary: 'Show the branch that ends in this message',
    tags,
    result: Done,
  }),
});
