import type { JsonObject } from '../../domain/event.ts';
import { RunEnded, RunResumed, StepCompleted, ToolInputRequested } from '../../domain/run/index.ts';
import { view } from '../view.ts';

/** What is to be told when its time has come, unless it has been settled before. */
export interface DeadlineDoc extends JsonObject {
  dueAt: string;
  eventId: string;
  conversationId: string;
  runId: string;
  messageId: string;
}

const types = [StepCompleted, RunResumed, RunEnded, ToolInputRequested] as const;

export const deadlines = view<DeadlineDoc, (typeof types)[number]>({
  name: 'deadlines',
  version: 1,
  types,
  indexes: [['dueAt']],
  keys: ({ data }) => [data.runId],
  fold: (_doc, event) => {
    // A call that goes on waiting looks after its own time.
    if (event.type === 'ToolInputRequested' && !event.data.resumable) return undefined;
    if (event.type !== 'StepCompleted' && event.type !== 'ToolInputRequested') return 'delete';
    const { expiresAt, conversationId, runId, messageId } = event.data;
    return expiresAt === undefined ? undefined : { dueAt: expiresAt, eventId: event.id, conversationId, runId, messageId };
  },
});
