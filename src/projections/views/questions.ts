import type { JsonObject } from '../../domain/event.ts';
import { RunEnded, ToolCallEnded, ToolInputAnswered, ToolInputRequested } from '../../domain/run/index.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** What tools want to know before a run goes on. */
export interface QuestionsDoc extends JsonObject {
  owner: string;
  /** Who asked for the answer, and is asked. */
  askedOf: string;
  conversationId: string;
  runId: string;
  messageId: string;
  askedAt: string;
  /** `toolName` only of version 1: it stands sealed beside what is asked. */
  inputs: { inputId: string; toolCallId: string; toolName: string | null; askedAt: string; expiresAt: string; asked: SealedJson }[];
}

const types = [ToolInputRequested, ToolInputAnswered, ToolCallEnded, RunEnded] as const;

/** One document a run. */
export const questions = view<QuestionsDoc, (typeof types)[number]>({
  name: 'questions',
  version: 2,
  types,
  indexes: [['askedOf', 'askedAt'], ['conversationId'], ['owner']],
  ownedBy: 'owner',
  keys: ({ data }) => [data.runId],
  fold: (doc, event) => {
    if (event.type === 'RunEnded') return 'delete';
    if (event.type !== 'ToolInputRequested') {
      const { toolCallId } = event.data;
      const inputs = doc?.inputs.filter((input) => input.toolCallId !== toolCallId) ?? [];
      return doc && inputs.length > 0 ? { ...doc, inputs } : 'delete';
    }
    const { conversationId, runId, messageId, inputId, toolCallId, plainToolName: toolName = null, askedOf, expiresAt, sealed } = event.data;
    const { time: askedAt, subject: owner } = event.metadata;
    const others = doc?.inputs.filter((input) => input.toolCallId !== toolCallId) ?? [];
    const inputs = [...others, { inputId, toolCallId, toolName, askedAt, expiresAt, asked: sealedJson(sealed) }];
    return { owner, askedOf, conversationId, runId, messageId, askedAt: doc?.askedAt ?? askedAt, inputs };
  },
});
