import { z } from 'zod';
import { ConversationId, FileId } from '../../domain/ids.ts';
import { possessionStream, possessions, ResourceId, SharedKind } from '../../domain/resource-share.ts';
import type { ShareLevel } from '../../domain/share.ts';
import { may, sharesWith } from '../../permissions/ability.ts';
import { type QueryContext, query } from '../query.ts';
import { shareList } from '../views/shares.ts';
import { namesOf } from './names.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** One of the shares of a thing, as who manages it sees them. */
export interface ShareInfo {
  readonly with: string;
  readonly level: ShareLevel;
  /** Of a person who says one. */
  readonly name: string | null;
}

async function shown(context: QueryContext, shares: ReadonlyMap<string, ShareLevel>): Promise<{ shares: ShareInfo[] }> {
  const names = await namesOf(context, [...shares.keys()]);
  return { shares: [...shares].map(([grantee, level]) => ({ with: grantee, level, name: names.get(grantee) ?? null })) };
}

/** With whom a thread is shared. */
export const listConversationShares = query('listConversationShares', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId }, context) => {
    const state = await context.conversation(conversationId);
    const manages = state && may(context.principal, 'conversation.manage', { owner: await context.ownerOf(state), shares: state.shares });
    return manages ? shown(context, state.shares) : undefined;
  },
});

export const listFileShares = query('listFileShares', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  needs: 'file.view',
  views: [],
  run: async ({ fileId }, context) => {
    const state = await context.file(fileId);
    const manages = state && may(context.principal, 'file.manage', { owner: await context.ownerOf(state), shares: state.shares });
    return manages ? shown(context, state.shares) : undefined;
  },
});

/** With whom a thing of another kind is shared. */
export const listResourceShares = query('listResourceShares', {
  input: z.object({ kind: SharedKind, resource: ResourceId }),
  policy: anyPerson,
  views: [],
  run: async ({ kind, resource }, context) => {
    const thing = possessions.initialState();
    for await (const event of context.events(possessionStream(kind, resource, context.principal.id))) possessions.evolve(thing, event);
    if (kind === 'prompt' && !thing.prompts.has(resource)) return undefined;
    const owner = await context.ownerOf(thing);
    const shares = await context.shares(resource);
    return owner !== undefined && may(context.principal, `${kind}.manage`, { owner, shares }) ? shown(context, shares) : undefined;
  },
});

/** What others share with one, of every kind, the latest first. A share that has ended since may stand here for a moment; it opens nothing any more. */
export const listSharedWithMe = query('listSharedWithMe', {
  input: z.object({ kind: z.enum(['conversation', 'file', ...SharedKind.options]).optional(), ...pageFields(100) }),
  policy: anyPerson,
  needs: 'self',
  views: [shareList],
  run: async ({ kind, ...page }, { principal, views }) => {
    const grantees = sharesWith(principal, kind === undefined ? 'thing.view' : `${kind}.view`);
    if (grantees.length === 0) return { shares: [] };
    const filter = { grantee: { in: grantees }, ...(kind === undefined ? {} : { kind }) };
    const { documents, next } = await views.find(shareList, filter, { sort: [['sharedAt', 'desc']], ...pageOptions(page, 50) });
    const shares = documents.map(({ doc: { kind: of, resource, level, grantee, sharedBy, sharedAt } }) => ({
      kind: of,
      resource,
      level,
      with: grantee,
      sharedBy,
      sharedAt,
    }));
    return { shares, ...(next === undefined ? {} : { next }) };
  },
});
