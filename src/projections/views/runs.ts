import { ReplyRequested } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import type { Usage } from '../../domain/message.ts';
import { addUsage } from '../../domain/pieces.ts';
import { ModelCallStarted, RunEnded, RunResumed, RunStarted, StepCompleted } from '../../domain/run/index.ts';
import { view } from '../view.ts';

/** One run: where it stands and what it used. Open ones are what a worker takes over after a crash. */
export interface RunDoc extends JsonObject {
  conversationId: string;
  messageId: string;
  owner: string;
  open: boolean;
  status: 'requested' | 'streaming' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'expired';
  model: string | null;
  /** Model calls made, repeated attempts included. */
  calls: number;
  usage: Usage | null;
  requestedAt: string;
  startedAt: string | null;
  endedAt: string | null;
}

const types = [ReplyRequested, RunStarted, ModelCallStarted, StepCompleted, RunResumed, RunEnded] as const;

export const runList = view<RunDoc, (typeof types)[number]>({
  name: 'runs',
  version: 1,
  types,
  indexes: [['open'], ['owner', 'requestedAt'], ['conversationId', 'requestedAt']],
  keys: ({ data }) => [data.runId],
  fold: (doc, event) => {
    const time = event.metadata.time;
    if (event.type === 'ReplyRequested') {
      const { conversationId, messageId } = event.data;
      const owner = event.metadata.subject;
      return {
        conversationId,
        messageId,
        owner,
        open: true,
        status: 'requested',
        model: null,
        calls: 0,
        usage: null,
        requestedAt: time,
        startedAt: null,
        endedAt: null,
      };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'RunStarted':
        return { ...doc, status: 'streaming', model: event.data.model, startedAt: time };
      case 'ModelCallStarted':
        return { ...doc, status: 'streaming', calls: doc.calls + 1 };
      case 'StepCompleted':
        return {
          ...doc,
          status: event.data.calls.some(({ needs }) => needs !== 'server') ? 'waiting' : 'streaming',
          usage: addUsage(doc.usage ?? undefined, event.data.usage) ?? null,
        };
      case 'RunResumed':
        return { ...doc, status: 'streaming' };
      case 'RunEnded':
        return {
          ...doc,
          open: false,
          status: event.data.outcome,
          usage: addUsage(doc.usage ?? undefined, event.data.usage) ?? null,
          model: event.data.model ?? doc.model,
          endedAt: time,
        };
      default:
        event satisfies never;
        return undefined;
    }
  },
});
