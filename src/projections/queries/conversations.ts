import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { conversationStream } from '../../domain/conversation/index.ts';
import { isUnopened, type JsonObject } from '../../domain/event.ts';
import { ConversationId, PersonId } from '../../domain/ids.ts';
import { ownIds } from '../../domain/principal.ts';
import type { ShareLevel } from '../../domain/share.ts';
import { type QueryContext, query } from '../query.ts';
import { type ConversationDoc, conversationList } from '../views/conversations.ts';
import { lastRevision } from './last-revision.ts';
import { accessTo, listFilter } from './owned.ts';
import { pageFields, pageOptions, Shared } from './page.ts';
import { anyPerson } from './policy.ts';
import { sharedWithMe } from './shared.ts';

/** A thread as its owner sees it, and whom it is shared with. */
export interface ConversationInfo {
  readonly id: string;
  readonly state: 'active' | 'archived' | 'trashed';
  /** Null: none yet; `[erased]` or `[unreadable]` when it cannot be opened. */
  readonly title: string | null;
  readonly metadata: JsonObject | null;
  readonly externalId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastMessageAt: string;
  readonly trashedAt: string | null;
  readonly owner: string;
  /** What the reader may do with it. */
  readonly access: 'owner' | ShareLevel;
  /** The end of the branch that is shown. */
  readonly leaf: string | null;
  /** The run whose answer is still being written. */
  readonly activeRun: string | null;
}

async function shown(
  { id, doc }: Pick<StoredDocument<ConversationDoc>, 'id' | 'doc'>,
  { openDeep, principal }: QueryContext,
  shares?: ReadonlyMap<string, ShareLevel>,
): Promise<ConversationInfo> {
  // What it was started with is one sealed value, so it is opened once.
  const asStarted = doc.title !== null && doc.title.a === doc.metadata?.a;
  const opened = await openDeep({ title: doc.title, metadata: asStarted ? null : doc.metadata });
  const { title, metadata } = asStarted ? { title: opened.title, metadata: opened.title } : opened;
  const { owner, status, archived, externalId, createdAt, updatedAt, lastMessageAt, leaf, activeRun } = doc;
  return {
    id,
    state: status === 'trashed' ? 'trashed' : archived ? 'archived' : 'active',
    title: isUnopened(title) ? title : (Titled.parse(title ?? {}).title ?? null),
    metadata: isUnopened(metadata) ? null : (Described.parse(metadata ?? {}).metadata ?? null),
    externalId,
    createdAt,
    updatedAt,
    lastMessageAt,
    trashedAt: status === 'trashed' ? updatedAt : null,
    owner,
    access: accessTo(principal, { owner, shares }),
    leaf,
    activeRun,
  };
}
const Titled = z.object({ title: z.string().optional() });
const Described = z.object({ metadata: z.record(z.string(), z.json()).nullish() });

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
      const conversations = await Promise.all(found.map((document) => shown(document, context, document.shares)));
      return { conversations, ...(next === undefined ? {} : { next }) };
    }
    const filter = { ...listFilter(context.principal, 'conversation.view'), ...filters[state], ...(externalId === undefined ? {} : { externalId }) };
    const { documents, next } = await context.views.find(conversationList, filter, { sort: [['lastMessageAt', 'desc']], ...pageOptions(page, 20) });
    const conversations = await Promise.all(documents.map((document) => shown(document, context)));
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
      document && { ...(await shown(document, context, state.shares)), revision: await lastRevision(context, conversationStream(conversationId)) }
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
