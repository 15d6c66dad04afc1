import { z } from 'zod';
import { auiProjectMessages } from '../../projections/queries/assistant-ui-messages.ts';
import { auiProjectThreads } from '../../projections/queries/assistant-ui-threads.ts';
import { json } from '../http/answer.ts';
import { needed } from '../http/outcome.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { asJson, cloudErrors, cloudRefusals, tags, threadIn } from './answers.ts';
import type { Dialect } from './dialect.ts';
import { messageJson } from './message-json.ts';
import { threadJson } from './threads.ts';
import { MessageListQuery, ThreadListQuery } from './wire/cloud-requests.ts';
import { MessageListResponse, ThreadListResponse } from './wire/thread-json.ts';
import { uiFormat } from './wire/ui-message.ts';

const forbidden = { 403: asJson('Only administrators see the threads of others.') };

export function projectRoutes({ addresses }: Dialect): readonly RouteDefinition[] {
  const threads = route({
    method: 'GET',
    path: '/aui/v1/projects/threads',
    summary: 'The threads of everybody, for administrators',
    tags,
    query: ThreadListQuery,
    errors: cloudErrors,
    responses: { 200: { description: 'A page of threads.', schema: ThreadListResponse }, ...forbidden, ...cloudRefusals },
    handle: async ({ ask, query: { is_archived: archived, limit, after } }) => {
      const page = { limit, ...(archived === undefined ? {} : { archived }), ...(after === undefined ? {} : { after }) };
      return json(200, { threads: needed(await ask(auiProjectThreads(page))).map(threadJson) });
    },
  });

  const messages = route({
    method: 'GET',
    path: '/aui/v1/projects/threads/{threadId}/messages',
    summary: 'The messages of anybody’s thread, for administrators',
    description: 'Files are named, but only their owner’s addresses show them.',
    tags,
    params: z.object({ threadId: z.string() }),
    query: MessageListQuery,
    errors: cloudErrors,
    responses: { 200: { description: 'A page of messages.', schema: MessageListResponse }, ...forbidden, ...cloudRefusals },
    handle: async ({ ask, req, principal, params, query: { format = uiFormat, limit, after } }) => {
      const page = { conversationId: threadIn(params.threadId), limit, ...(after === undefined ? {} : { after }) };
      const links = addresses.links(req, principal);
      return json(200, { messages: needed(await ask(auiProjectMessages(page))).flatMap((message) => messageJson(message, format, links) ?? []) });
    },
  });

  return [threads, messages];
}
