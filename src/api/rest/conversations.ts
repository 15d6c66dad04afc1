import { z } from 'zod';
import * as commands from '../../commands/conversation.ts';
import { ConversationId } from '../../domain/ids.ts';
import { getConversation, listConversations } from '../../projections/queries/conversations.ts';
import { listConversationEvents } from '../../projections/queries/events.ts';
import { asks } from '../http/asks.ts';
import { type Method, type RouteDefinition, routes } from '../http/route.ts';
import { type TellsOptions, tells } from '../http/tells.ts';
import { Conversation, ConversationPage, Done, EventPage } from './schemas.ts';

const tags = ['Conversations'];
const done = (summary: string) => ({ summary, tags, result: Done });

export const conversationRoutes: readonly RouteDefinition[] = routes({
  'GET /api/conversations': asks(listConversations, {
    summary: 'One’s own conversations, those with the latest message first',
    tags,
    result: ConversationPage,
  }),
  'POST /api/conversations': tells(commands.startConversation, {
    summary: 'Start a conversation',
    tags,
    status: 201,
    result: z.object({ conversationId: ConversationId }),
    location: ({ conversationId }) => `/api/conversations/${conversationId}`,
  }),
  'GET /api/conversations/{conversationId}': asks(getConversation, { summary: 'One conversation', tags, result: Conversation }),
  'DELETE /api/conversations/{conversationId}': trashOrDelete,
  'PUT /api/conversations/{conversationId}/title': tells(commands.renameConversation, done('Rename it; wins over every generated title')),
  'PUT /api/conversations/{conversationId}/metadata': tells(commands.setConversationMetadata, done('Replace its metadata; null clears it')),
  'POST /api/conversations/{conversationId}/archive': tells(commands.archiveConversation, done('Archive it')),
  'POST /api/conversations/{conversationId}/unarchive': tells(commands.unarchiveConversation, done('Take it out of the archive')),
  'POST /api/conversations/{conversationId}/restore': tells(commands.restoreConversation, done('Take it out of the trash')),
  'GET /api/conversations/{conversationId}/events': asks(listConversationEvents, {
    summary: 'What happened in it and in its runs, in the order of the log',
    description: 'Every event with who did it, when, what caused it and the hash of it as stored; texts opened.',
    tags: [...tags, 'History'],
    result: EventPage,
  }),
});

/** One address for both: the trash, and `?forever=true` for good. */
function trashOrDelete(method: Method, path: string): RouteDefinition {
  const options: TellsOptions<unknown> = {
    ...done('Put it into the trash, or delete it for good'),
    description: 'With `?forever=true` its keys, and those of the files sent only here, are destroyed: nothing of it can be read ever again.',
  };
  const trash = tells(commands.trashConversation, options)(method, path);
  const remove = tells(commands.deleteConversation, options)(method, path);
  const query = z.object({ forever: z.enum(['true', 'false']).optional() });
  return { ...trash, query, run: (visit) => (visit.req.query.forever === 'true' ? remove : trash).run(visit) };
}
