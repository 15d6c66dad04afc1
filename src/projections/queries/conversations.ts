import { z } from 'zod';
import { conversationStream } from '../../domain/conversation/index.ts';
import { ConversationId, PersonId } from '../../domain/ids.ts';
import { ownIds } from '../../domain/principal.ts';
import { query } from '../query.ts';
import { conversationList } from '../views/conversations.ts';
import { conversationInfo } from './conversation-info.ts';
import { lastRevision } from './last-revision.ts';
import { ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

export type { ConversationInfo } from './conversation-info.ts';

const filters = {
  active: { status: 'active', archived: false },
  archived: { status: 'active', archived: true },
  trashed: { status: 'trashed' },
} as const;

/** One's own threads, those with the latest message first. */
export const listConversations = query('listConversations', {
  input: z.object({ state: z.enum(['active', 'archived', 'trashed']).optional(), externalId: z.string().max(255).optional(), ...pageFields(100) }),
  policy: anyPerson,
  views: [conversationList],
  run: async ({ state = 'active', externalId, ...page }, context) => {
    const filter = { owner: ownerFilter(context.principal), ...filters[state], ...(externalId === undefined ? {} : { externalId }) };
    const { documents, next } = await context.views.find(conversationList, filter, { sort: [['lastMessageAt', 'desc']], ...pageOptions(page, 20) });
    const conversations = await Promise.all(documents.map((document) => conversationInfo(document, context)));
    return { conversations, ...(next === undefined ? {} : { next }) };
  },
});

export const getConversation = query('getConversation', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  views: [conversationList],
  run: async ({ conversationId }, context) => {
    if (!(await context.conversation(conversationId))) return undefined;
    const document = await context.views.get(conversationList, conversationId);
    return document && { ...(await conversationInfo(document, context)), revision: await lastRevision(context, conversationStream(conversationId)) };
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
