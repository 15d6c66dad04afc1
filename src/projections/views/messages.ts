import {
  ConversationDeleted,
  FeedbackGiven,
  MessageAdopted,
  MessageContentReplaced,
  MessageSent,
  ReplyRequested,
} from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import type { Usage } from '../../domain/message.ts';
import { addUsage, type Piece } from '../../domain/pieces.ts';
import { ApprovalAnswered, RunEnded, RunStarted, StepCompleted, ToolCallEnded } from '../../domain/run/index.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** One message of the tree. Its pieces stay sealed; a run's come from the run's own stream. */
export interface MessageDoc extends JsonObject {
  conversationId: string;
  owner: string;
  role: 'system' | 'user' | 'assistant';
  parentId: string | null;
  height: number;
  createdAt: string;
  updatedAt: string;
  /** A run's: requested → streaming → waiting → how it ended. Any other message's: sent. */
  status: 'sent' | 'requested' | 'streaming' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'expired';
  pieces: Piece<SealedJson>[];
  runId: string | null;
  model: string | null;
  usage: Usage | null;
  finishReason: string | null;
  error: { code: string; message: string } | null;
  adopted: boolean;
  feedback: { rating: 'positive' | 'negative'; comment: SealedJson } | null;
}

const types = [
  MessageSent,
  MessageContentReplaced,
  MessageAdopted,
  FeedbackGiven,
  ReplyRequested,
  RunStarted,
  StepCompleted,
  ToolCallEnded,
  ApprovalAnswered,
  RunEnded,
  ConversationDeleted,
] as const;

export const messageTree = view<MessageDoc, (typeof types)[number]>({
  name: 'messages',
  version: 1,
  types,
  indexes: [['conversationId', 'height', 'createdAt']],
  keys: ({ type, data }) => (type === 'ConversationDeleted' ? [{ index: 'conversationId', value: data.conversationId }] : [data.messageId]),
  fold: (doc, event) => {
    const updatedAt = event.metadata.time;
    const fresh = { createdAt: updatedAt, updatedAt, model: null, usage: null, finishReason: null, error: null, adopted: false, feedback: null };
    if (event.type === 'ConversationDeleted') return 'delete';
    if (event.type === 'MessageSent') {
      const { conversationId, parentId, height, role, sealed } = event.data;
      return {
        ...fresh,
        conversationId,
        owner: event.metadata.subject,
        role,
        parentId,
        height,
        status: 'sent',
        pieces: [{ kind: 'parts', body: sealedJson(sealed) }],
        runId: null,
      };
    }
    if (event.type === 'ReplyRequested') {
      const { conversationId, parentId, height, runId } = event.data;
      return { ...fresh, conversationId, owner: event.metadata.subject, role: 'assistant', parentId, height, status: 'requested', pieces: [], runId };
    }
    if (!doc) return undefined;
    const adding = (piece: Piece<SealedJson>): MessageDoc => ({ ...doc, updatedAt, pieces: [...doc.pieces, piece] });
    switch (event.type) {
      case 'MessageContentReplaced':
        return { ...doc, updatedAt, pieces: [{ kind: 'parts', body: sealedJson(event.data.sealed) }] };
      case 'MessageAdopted':
        return { ...doc, adopted: true };
      case 'FeedbackGiven':
        return { ...doc, feedback: { rating: event.data.rating, comment: sealedJson(event.data.sealed) } };
      case 'RunStarted':
        return { ...doc, status: 'streaming', model: event.data.model, updatedAt };
      case 'StepCompleted': {
        const waits = event.data.calls.some(({ needs }) => needs !== 'server');
        return {
          ...adding({ kind: 'parts', body: sealedJson(event.data.sealed) }),
          usage: addUsage(doc.usage ?? undefined, event.data.usage) ?? null,
          status: waits ? 'waiting' : 'streaming',
        };
      }
      case 'ToolCallEnded': {
        const { toolCallId, result, sealed } = event.data;
        return adding({ kind: 'tool', toolCallId, result, body: sealedJson(sealed) });
      }
      case 'ApprovalAnswered': {
        const { toolCallId, approvalId, approved, sealed } = event.data;
        return adding({ kind: 'approval', toolCallId, approvalId, approved, body: sealedJson(sealed) });
      }
      case 'RunEnded': {
        const { sealed, outcome, usage, finishReason, error, model } = event.data;
        return {
          ...adding({ kind: 'parts', body: sealedJson(sealed) }),
          status: outcome,
          usage: addUsage(doc.usage ?? undefined, usage) ?? null,
          finishReason,
          error: error ?? null,
          model: model ?? doc.model,
        };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
