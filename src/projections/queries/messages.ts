import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { branchOf, type Conversation, conversationStream, Expansion, resolveMessage } from '../../domain/conversation/index.ts';
import { isUnopened, type JsonObject, type Opened } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import type { Part, Usage } from '../../domain/message.ts';
import { assembleParts, type Piece } from '../../domain/pieces.ts';
import { type QueryContext, query } from '../query.ts';
import { type MessageDoc, messageTree } from '../views/messages.ts';
import { lastRevision } from './last-revision.ts';
import { pageFields, pageOptions } from './page.ts';
import { anyPerson } from './policy.ts';

/** A message as the owner of its thread sees it. */
export interface MessageInfo {
  readonly id: string;
  readonly conversationId: string;
  readonly role: MessageDoc['role'];
  readonly parentId: string | null;
  readonly height: number;
  readonly status: MessageDoc['status'];
  readonly parts: readonly Part[];
  readonly metadata: JsonObject | null;
  /** The prompt that it called by its name, and what the model was told in its place. */
  readonly prompt: Expansion | null;
  readonly runId: string | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly finishReason: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly feedback: { readonly rating: 'positive' | 'negative'; readonly comment: string | null } | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** On the branch that is shown; and the other messages after the same parent, itself included, oldest first. */
  readonly branch: { readonly shown: boolean; readonly siblings: readonly string[] };
}

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

const Comment = z.object({ comment: z.string().optional() });
const Sent = z.object({ metadata: z.record(z.string(), z.json()).optional(), expansion: Expansion.optional() });

async function shown({ id, doc }: StoredDocument<MessageDoc>, branch: MessageInfo['branch'], { openDeep }: QueryContext): Promise<MessageInfo> {
  const opened = await openDeep({ pieces: doc.pieces, comment: doc.feedback?.comment ?? null });
  // What is sealed in a piece is what the events' schemas let in.
  const pieces = opened.pieces as unknown as Piece<Opened<{ parts?: Part[] }>>[];
  const first = pieces.find(({ kind }) => kind === 'parts')?.body;
  const { metadata = null, expansion = null } = first === undefined || isUnopened(first) ? {} : Sent.parse(first);
  const { conversationId, role, parentId, height, status, runId, model, usage, finishReason, error, feedback, createdAt, updatedAt } = doc;
  return {
    id,
    conversationId,
    role,
    parentId,
    height,
    status,
    parts: assembleParts(pieces),
    metadata,
    prompt: expansion,
    runId,
    model,
    usage,
    finishReason,
    error,
    feedback: feedback && {
      rating: feedback.rating,
      comment: isUnopened(opened.comment) ? opened.comment : (Comment.parse(opened.comment ?? {}).comment ?? null),
    },
    createdAt,
    updatedAt,
    branch,
  };
}

/** A thread's messages of all branches, the newest first. */
export const listMessages = query('listMessages', {
  input: z.object({ conversationId: ConversationId, ...pageFields(200) }),
  policy: anyPerson,
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
