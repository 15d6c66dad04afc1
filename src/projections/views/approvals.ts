import type { JsonObject } from '../../domain/event.ts';
import { ApprovalAnswered, RunEnded, StepCompleted } from '../../domain/run/index.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** A tool call that waits for somebody's yes or no. Its arguments stand in the step's sealed parts. */
export interface ApprovalDoc extends JsonObject {
  owner: string;
  conversationId: string;
  runId: string;
  messageId: string;
  askedAt: string;
  expiresAt: string | null;
  /** `tool` only of a step of version 1: the names stand in the sealed parts. */
  calls: { approvalId: string; toolCallId: string; serverId: string | null; tool: string | null }[];
  parts: SealedJson;
}

const types = [StepCompleted, ApprovalAnswered, RunEnded] as const;

/** One document a run: a run stands at one step. */
export const approvals = view<ApprovalDoc, (typeof types)[number]>({
  name: 'approvals',
  version: 2,
  types,
  indexes: [['owner', 'askedAt'], ['conversationId']],
  ownedBy: 'owner',
  keys: ({ data }) => [data.runId],
  fold: (doc, event) => {
    if (event.type === 'RunEnded') return 'delete';
    if (event.type === 'ApprovalAnswered') {
      const calls = doc?.calls.filter(({ approvalId }) => approvalId !== event.data.approvalId) ?? [];
      return doc && calls.length > 0 ? { ...doc, calls } : 'delete';
    }
    const { conversationId, runId, messageId, calls, expiresAt, sealed } = event.data;
    const asked = calls.flatMap(({ approvalId, toolCallId, binding }) =>
      approvalId === undefined ? [] : [{ approvalId, toolCallId, serverId: binding?.serverId ?? null, tool: binding?.plainTool ?? null }],
    );
    if (asked.length === 0) return 'delete';
    const { time, subject } = event.metadata;
    return { owner: subject, conversationId, runId, messageId, askedAt: time, expiresAt: expiresAt ?? null, calls: asked, parts: sealedJson(sealed) };
  },
});
