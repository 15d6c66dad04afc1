import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { branchOf, type Conversation, conversationStream, resolveMessage } from '../../domain/conversation/index.ts';
import { ConversationId } from '../../domain/ids.ts';
import { type QueryContext, query } from '../query.ts';
import { type MessageDoc, messageTree } from '../views/messages.ts';
import { lastRevision } from './last-revision.ts';
import { type MessageInfo, messageInfo } from './message-info.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

export type { MessageInfo } from './message-info.ts';

/** Which messages stand beside each other, and which are shown. */
function branches(state: Conversation): (id: string) => MessageInfo['branch'] {
  const onBranch = new Set<string>(branchOf(state, state.leaf).map(({ id }) => id));
  const beside = Map.groupBy(state.nodes.values(), ({ parentId }) => parentId);
  const parents = new Map<string, string | null>([...state.nodes.values()].map(({ id, parentId }) => [id, parentId]));
  return (id) => {
    const parent = parents.get(id) ?? null;
    return { shown: onBranch.has(id), siblings: [...beside].find(([key]) => key === parent)?.[1].map((node) => node.id) ?? [id] };
  };
}

const shown = async (document: StoredDocument<MessageDoc>, branch: MessageInfo['branch'], context: QueryContext): Promise<MessageInfo> => ({
  ...(await messageInfo(document, context)),
  branch,
});

/** A thread's messages of all branches, the newest first. */
export const listMessages = query('listMessages', {
  input: z.object({ conversationId: ConversationId, ...pageFields(200) }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [messageTree],
  run: async ({ conversationId, ...page }, context) => {
    const state = await context.conversation(conversationId);
    if (!state) return undefined;
    const branchInfo = branches(state);
    const options = {
      sort: [
        ['height', 'desc'],
        ['createdAt', 'desc'],
      ] as const,
      ...pageOptions(page, 50),
    };
    const { documents, next } = await context.views.find(messageTree, { conversationId }, options);
    const messages = await Promise.all(documents.map((document) => shown(document, branchInfo(document.id), context)));
    return { messages, revision: await lastRevision(context, conversationStream(conversationId)), ...(next === undefined ? {} : { next }) };
  },
});

/** One message, by its id or by what a client calls it. */
export const getMessage = query('getMessage', {
  input: z.object({ conversationId: ConversationId, messageId: z.string().min(1).max(255) }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [messageTree],
  run: async ({ conversationId, messageId }, context) => {
    const state = await context.conversation(conversationId);
    const node = state && resolveMessage(state, messageId);
    const document = node && (await context.views.get(messageTree, node.id));
    if (!state || !document) return undefined;
    return {
      ...(await shown(document, branches(state)(document.id), context)),
      revision: await lastRevision(context, conversationStream(conversationId)),
    };
  },
});
