import { z } from 'zod';
import { conversationStream } from '../../domain/conversation/index.ts';
import { ConversationId, PersonId } from '../../domain/ids.ts';
import { ownIds } from '../../domain/principal.ts';
import { query } from '../query.ts';
import { conversationList } from '../views/conversations.ts';
import { conversationInfo } from './conversation-info.ts';
import { lastRevision } from './last-revision.ts';
import { listFilter } from './owned.ts';
import { pageFields, pageOptions, Shared } from './page.ts';
import { anyPerson } from './policy.ts';
import { sharedWithMe } from './shared.ts';

export type { ConversationInfo } from './conversation-info.ts';

const filters = {
  active: { status: 'active', archived: false },
  archived: { status: 'active', archived: true },
  trashed: { status: 'trashed' },
} as const;

/** One's own threads, those with the latest message first; or those that are shared with one. */
export const listConversations = query('listConversations', {
  input: z.object({
    state: z.enum(['active', 'archived', 'trashed']).optional(),
    externalId: z.string().max(255).optional(),
    shared: Shared,
    ...pageFields(100),
  }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [conversationList],
  run: async ({ state = 'active', externalId, shared, ...page }, context) => {
    if (shared !== undefined) {
      const { found, next } = await sharedWithMe(context, conversationList, 'conversation', page);
      const conversations = await Promise.all(found.map((document) => conversationInfo(document, context, document.shares)));
      return { conversations, ...(next === undefined ? {} : { next }) };
    }
    const filter = { ...listFilter(context.principal, 'conversation.view'), ...filters[state], ...(externalId === undefined ? {} : { externalId }) };
    const { documents, next } = await context.views.find(conversationList, filter, { sort: [['lastMessageAt', 'desc']], ...pageOptions(page, 20) });
    const conversations = await Promise.all(documents.map((document) => conversationInfo(document, context)));
    return { conversations, ...(next === undefined ? {} : { next }) };
  },
});

export const getConversation = query('getConversation', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [conversationList],
  run: async ({ conversationId }, context) => {
    const state = await context.conversation(conversationId);
    const document = state && (await context.views.get(conversationList, conversationId));
    return (
      document && { ...(await conversationInfo(document, context, state.shares)), revision: await lastRevision(context, conversationStream(conversationId)) }
    );
  },
});

const PAGE = 1000;

/** How many threads this person has: oneself, or somebody one has claimed. */
export const countConversations = query('countConversations', {
  input: z.object({ owner: PersonId }),
  policy: ({ principal, input }) => (ownIds(principal).includes(input.owner) ? 'allow' : 'notFound'),
  views: [conversationList],
  run: async ({ owner }, { views }) => {
    let count = 0;
    let after: string | undefined;
    do {
      const { documents, next } = await views.find(conversationList, { owner }, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      count += documents.length;
      after = next;
    } while (after !== undefined);
    return { count };
  },
});
