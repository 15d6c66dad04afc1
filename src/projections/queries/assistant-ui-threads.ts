import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened, type JsonObject, type Opened } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { type ConversationDoc, conversationList, type SealedJson } from '../views/conversations.ts';
import { runState } from './assistant-ui-state.ts';
import { isOwn, listFilter } from './owned.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

/** A thread as assistant-ui lists it. */
export interface AuiThread {
  readonly id: string;
  readonly owner: string;
  readonly title: string | null;
  readonly metadata: JsonObject | null;
  readonly externalId: string | null;
  readonly archived: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastMessageAt: string;
  /** `<run>.<segment>` of an answer that is being written now. */
  readonly activeStreamId: string | null;
}

const Page = z.object({ limit: z.number().int().min(1).max(100).default(20), after: z.string().optional() });
const newestFirst = [['lastMessageAt', 'desc']] as const;

/** The principal's threads, `lastMessageAt` and id descending; `after` is a thread's id, and an unknown one ends the list. */
export const auiThreads = query('auiThreads', {
  input: Page.extend({ archived: z.boolean().default(false), externalId: z.string().optional() }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [conversationList],
  run: async ({ archived, externalId, ...page }, context) => {
    const filter = {
      ...listFilter(context.principal, 'conversation.view'),
      status: 'active',
      archived,
      ...(externalId === undefined ? {} : { externalId }),
    };
    return threadPage(context, filter, page);
  },
});

/** Every person's threads, for administrators. */
export const auiProjectThreads = query('auiProjectThreads', {
  input: Page.extend({ archived: z.boolean().optional() }),
  policy: administratorsOnly,
  needs: 'project.view',
  views: [conversationList],
  run: async ({ archived, ...page }, context) => threadPage(context, { status: 'active', ...(archived === undefined ? {} : { archived }) }, page),
});

export const auiThread = query('auiThread', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [conversationList],
  run: async ({ conversationId }, context) => {
    const seen = await context.conversation(conversationId);
    const found = seen?.status === 'active' ? await context.views.get(conversationList, conversationId) : undefined;
    return found && threadOf(context, found);
  },
});

type Filter = Parameters<QueryContext['views']['find']>[1];

/** A cursor of somebody else's list counts as unknown. */
async function threadPage(context: QueryContext, filter: Filter, { limit, after }: z.output<typeof Page>): Promise<AuiThread[]> {
  const { views } = context;
  const found: StoredDocument<ConversationDoc>[] = [];
  const more = async (narrower: Filter): Promise<void> => {
    if (found.length === limit) return;
    found.push(...(await views.find(conversationList, { ...filter, ...narrower }, { sort: newestFirst, limit: limit - found.length })).documents);
  };
  if (after === undefined) await more({});
  else {
    const last = await views.get(conversationList, after);
    if (!last || ('owner' in filter && !isOwn(context.principal, last.doc))) return [];
    const { lastMessageAt } = last.doc;
    await more({ lastMessageAt, _id: { lt: after } });
    await more({ lastMessageAt: { lt: lastMessageAt } });
  }
  context.shows(
    found.map(({ doc }) => doc.owner),
    'threads',
  );
  return Promise.all(found.map((stored) => threadOf(context, stored)));
}

async function threadOf(context: QueryContext, { id, doc }: StoredDocument<ConversationDoc>): Promise<AuiThread> {
  const { owner, externalId, archived, createdAt, updatedAt, lastMessageAt } = doc;
  return {
    id,
    owner,
    externalId,
    archived,
    createdAt,
    updatedAt,
    lastMessageAt,
    title: titleIn(await opened(context, doc.title)),
    metadata: metadataIn(await opened(context, doc.metadata)),
    activeStreamId: doc.activeRun === null ? null : await activeStream(context, doc.activeRun),
  };
}

const opened = async (context: QueryContext, sealed: SealedJson | null): Promise<Opened<unknown> | null> => (sealed ? context.open(sealed) : null);

const titleIn = (body: Opened<unknown> | null): string | null =>
  isUnopened(body) ? body : (z.object({ title: z.string() }).safeParse(body).data?.title ?? null);

const metadataIn = (body: Opened<unknown> | null): JsonObject | null =>
  z.object({ metadata: z.record(z.string(), z.json()) }).safeParse(body).data?.metadata ?? null;

/** A run that waits for somebody writes nothing. */
async function activeStream(context: QueryContext, runId: string): Promise<string | null> {
  const { status, segment } = await runState(context, runId);
  return status === 'waiting' || status === 'ended' ? null : `${runId}.${segment}`;
}
