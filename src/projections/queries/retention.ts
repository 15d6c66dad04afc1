import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { ConversationId } from '../../domain/ids.ts';
import { deletedAt, RETENTION_STREAM, type Retention, type RetentionPolicy, RetentionPolicyChanged } from '../../domain/retention.ts';
import { type QueryContext, query } from '../query.ts';
import { type RetentionDoc, retentionDue } from '../views/retention.ts';
import { lastOf } from './last-of.ts';
import { ownerFilter } from './owned.ts';
import { anyPerson } from './policy.ts';

type Now = { policy: RetentionPolicy; notBefore: Retention['notBefore'] };

async function retentionNow(context: QueryContext): Promise<Now> {
  const last = await lastOf(context, RETENTION_STREAM);
  const said = last && RetentionPolicyChanged.schema.parse(last.data);
  return { policy: said?.policy ?? context.privacy.retention, notBefore: said?.notBefore ?? {} };
}

/** How long what is kept here; everybody may know. */
export const getRetentionPolicy = query('getRetentionPolicy', {
  input: z.object({}),
  policy: anyPerson,
  views: [],
  run: async (_input, context) => retentionNow(context),
});

/** When this is deleted for good, and by whose word; the sooner of both. */
function ending({ kind, keep, since, dueAt }: RetentionDoc, now: Now): { at: string | null; because: 'own' | 'installation' | null } {
  const applies = kind !== 'conversations' || keep === 'usual' || now.policy.binding;
  const theirs = applies ? deletedAt(now, kind, since) : undefined;
  const own = dueAt === '' ? undefined : dueAt;
  if (own !== undefined && (theirs === undefined || own <= theirs)) return { at: own, because: 'own' };
  return theirs === undefined ? { at: null, because: null } : { at: theirs, because: 'installation' };
}

export const getConversationRetention = query('getConversationRetention', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  views: [retentionDue],
  run: async ({ conversationId }, context) => {
    if (!(await context.conversation(conversationId))) return undefined;
    const document = await context.views.get(retentionDue, conversationId);
    if (!document) return undefined;
    const { at, because } = ending(document.doc, await retentionNow(context));
    return { retention: document.doc.rule, deletedAt: at, because };
  },
});

const PAGE = 1000;

/** What of one's own is deleted for good within so many days, the soonest first. */
export const listDueForDeletion = query('listDueForDeletion', {
  input: z.object({ withinDays: z.coerce.number().int().min(1).max(366).default(14) }),
  policy: anyPerson,
  views: [retentionDue],
  run: async ({ withinDays }, context) => {
    const now = await retentionNow(context);
    const horizon = new Date(context.now().getTime() + withinDays * 24 * 3600_000).toISOString();
    const found: { id: string; kind: RetentionDoc['kind']; deletedAt: string; because: 'own' | 'installation' | null }[] = [];
    for await (const { id, doc } of ownDocuments(context)) {
      const { at, because } = ending(doc, now);
      if (at !== null && at <= horizon) found.push({ id, kind: doc.kind, deletedAt: at, because });
    }
    return { due: found.toSorted((one, other) => (one.deletedAt < other.deletedAt ? -1 : 1)).slice(0, PAGE) };
  },
});

async function* ownDocuments({ principal, views }: QueryContext): AsyncGenerator<StoredDocument<RetentionDoc>> {
  const options = { sort: [['since', 'asc']], limit: PAGE } as const;
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await views.find(retentionDue, { owner: ownerFilter(principal) }, { ...options, ...(after === undefined ? {} : { after }) });
    yield* page.documents;
    after = page.next;
  }
}
