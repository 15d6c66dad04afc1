import { z } from 'zod';
import { type Conversation, conversationStream, conversations, type Node, resolveMessage } from '../../domain/conversation/index.ts';
import { ConversationId, type MessageId } from '../../domain/ids.ts';
import { Role } from '../../domain/message.ts';
import { type QueryContext, query } from '../query.ts';
import { messageTree } from '../views/messages.ts';
import { type AuiMessage, messageOf, type Row, refolded, rowsFromStreams } from './assistant-ui-rows.ts';
import { ownActive } from './assistant-ui-state.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

const Page = z.object({ conversationId: ConversationId, limit: z.number().int().min(1).max(200).default(200), after: z.string().optional() });

/** Newest first, but the end of the chosen branch before all others; an unknown cursor ends the list. An answer that is being written is there as far as it has come. */
export const auiMessages = query('auiMessages', {
  input: Page,
  policy: anyPerson,
  needs: 'conversation.view',
  views: [messageTree],
  run: async (page, context) => {
    const conversation = await ownActive(context, page.conversationId);
    return conversation && messagePage(context, conversation, page);
  },
});

/** The messages of anybody's thread, for administrators. */
export const auiProjectMessages = query('auiProjectMessages', {
  input: Page,
  policy: administratorsOnly,
  needs: 'project.view',
  views: [messageTree],
  run: async (page, context) => {
    let conversation = conversations.initialState();
    for await (const event of context.events(conversationStream(page.conversationId)))
      conversation = conversations.evolve(conversation, event as never);
    return conversation.status === 'active' ? messagePage(context, conversation, page) : undefined;
  },
});

async function messagePage(
  context: QueryContext,
  conversation: Conversation,
  { conversationId, limit, after }: z.output<typeof Page>,
): Promise<AuiMessage[]> {
  const order = newestFirst(conversation);
  const start = after === undefined ? 0 : order.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) return [];
  const page = order.slice(start, start + limit);
  const docs = await docsOf(context, conversation, conversationId, page);
  if (conversation.owner) context.shows([conversation.owner], conversationId);
  return Promise.all(page.flatMap((node) => docs.get(node.id) ?? []).map((doc) => messageOf(context, doc)));
}

function newestFirst({ nodes, leaf }: Conversation): readonly Node[] {
  const order = [...nodes.values()]
    .map((node, index) => ({ node, index }))
    .sort((a, b) => b.node.height - a.node.height || b.index - a.index)
    .map(({ node }) => node);
  const chosen = leaf === null ? undefined : nodes.get(leaf);
  return chosen ? [chosen, ...order.filter((node) => node !== chosen)] : order;
}

/** From the view where it is as far as the log, from the streams otherwise. */
async function docsOf(
  context: QueryContext,
  conversation: Conversation,
  conversationId: ConversationId,
  nodes: readonly Node[],
): Promise<ReadonlyMap<string, Row>> {
  const docs = new Map<string, Row>();
  for (const [id, { doc }] of await context.views.getMany(
    messageTree,
    nodes.map(({ id }) => id),
  ))
    docs.set(id, { ...doc, id });
  for (const { id, runId } of nodes) {
    const doc = docs.get(id);
    if (doc && runId !== undefined && conversation.runs.get(runId)?.outcome !== doc.status)
      docs.set(id, { ...(await refolded(context, doc, runId)), id });
  }
  const missing = new Set<string>(nodes.flatMap(({ id }) => (docs.has(id) ? [] : [id])));
  if (missing.size > 0) for (const [id, { doc }] of await rowsFromStreams(context, conversationId, missing)) docs.set(id, { ...doc, id });
  return docs;
}

/** The messages of one role under one parent, from the streams alone: what a row that a client posts may be the same as. */
export const auiCandidates = query('auiCandidates', {
  input: z.object({ conversationId: ConversationId, parentId: z.string().nullable(), role: Role }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId, parentId, role }, context) => {
    const conversation = await ownActive(context, conversationId);
    if (!conversation) return undefined;
    const parent = parentId === null ? null : (resolveMessage(conversation, parentId)?.id ?? null);
    const ids = new Set<string>(
      [...conversation.nodes.values()].filter((node) => node.parentId === parent && node.role === role).map(({ id }) => id),
    );
    if (ids.size === 0) return [];
    const rows = await rowsFromStreams(context, conversationId, ids);
    return Promise.all(
      [...rows].map(async ([id, { doc, commandId, adoptedAt }]) => ({
        id: id as MessageId,
        commandId,
        ...(adoptedAt === undefined ? {} : { adoptedAt }),
        parts: (await messageOf(context, { ...doc, id })).parts,
      })),
    );
  },
});
