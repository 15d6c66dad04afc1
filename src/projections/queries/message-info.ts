import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { Expansion } from '../../domain/conversation/index.ts';
import { isUnopened, type JsonObject, type Opened } from '../../domain/event.ts';
import type { Part, Usage } from '../../domain/message.ts';
import { assembleParts, failureOf, type Piece } from '../../domain/pieces.ts';
import type { QueryContext } from '../query.ts';
import type { MessageDoc } from '../views/messages.ts';

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

const Comment = z.object({ comment: z.string().optional() });
const Sent = z.object({ metadata: z.record(z.string(), z.json()).optional(), expansion: Expansion.optional() });

/** A message opened, without the others beside it. */
export async function messageInfo(
  { id, doc }: StoredDocument<MessageDoc>,
  { openDeep }: Pick<QueryContext, 'openDeep'>,
): Promise<Omit<MessageInfo, 'branch'>> {
  const opened = await openDeep({ pieces: doc.pieces, comment: doc.feedback?.comment ?? null });
  // What is sealed in a piece is what the events' schemas let in.
  const pieces = opened.pieces as unknown as Piece<Opened<{ parts?: Part[] }>>[];
  const bodies = pieces.flatMap((piece) => (piece.kind === 'parts' ? [piece.body] : []));
  const first = bodies[0];
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
    error: error && failureOf(error, (bodies.at(-1) ?? {}) as Opened<{ said?: string }>),
    feedback: feedback && {
      rating: feedback.rating,
      comment: isUnopened(opened.comment) ? opened.comment : (Comment.parse(opened.comment ?? {}).comment ?? null),
    },
    createdAt,
    updatedAt,
  };
}
