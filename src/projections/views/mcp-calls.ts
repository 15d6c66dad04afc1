import { ConversationDeleted } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { StepCompleted, ToolCallEnded } from '../../domain/run/index.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

export interface RecordedCall extends JsonObject {
  toolCallId: string;
  serverId: string;
  /** Of a step of version 1; else it stands in the sealed parts. */
  tool: string | null;
  /** HMAC: the same for the same arguments of the same person. */
  argumentsHash: string;
  result: 'open' | 'output' | 'error' | 'denied' | 'unknown';
}

/** The calls of one run that went to servers of tools. What they were called with stands in the sealed parts of their step. */
export interface McpCallsDoc extends JsonObject {
  owner: string;
  conversationId: string;
  at: string;
  steps: { parts: SealedJson; calls: RecordedCall[] }[];
}

const types = [StepCompleted, ToolCallEnded, ConversationDeleted] as const;

export const mcpCalls = view<McpCallsDoc, (typeof types)[number]>({
  name: 'mcp-calls',
  version: 2,
  types,
  indexes: [['at'], ['owner', 'at'], ['conversationId']],
  ownedBy: 'owner',
  keys: ({ type, data }) => (type === 'ConversationDeleted' ? [{ index: 'conversationId', value: data.conversationId }] : [data.runId]),
  fold: (doc, event) => {
    switch (event.type) {
      case 'ConversationDeleted':
        return 'delete';
      case 'ToolCallEnded': {
        const { toolCallId, result } = event.data;
        if (!doc) return undefined;
        const steps = doc.steps.map((step) => ({
          ...step,
          calls: step.calls.map((call): RecordedCall => (call.toolCallId === toolCallId ? { ...call, result } : call)),
        }));
        return { ...doc, steps };
      }
      case 'StepCompleted': {
        const { conversationId, calls, sealed } = event.data;
        const bound = calls.flatMap(({ toolCallId, binding }): RecordedCall[] => {
          if (!binding) return [];
          const { serverId, plainTool: tool = null, argumentsHash } = binding;
          return [{ toolCallId, serverId, tool, argumentsHash, result: 'open' }];
        });
        if (bound.length === 0) return undefined;
        const { time, subject } = event.metadata;
        const steps = [...(doc?.steps ?? []), { parts: sealedJson(sealed), calls: bound }];
        return { owner: subject, conversationId, at: time, steps };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
