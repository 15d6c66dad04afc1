import type { Conversation } from '../../domain/conversation/index.ts';
import { type Run, type RunEvent, runStream, runs } from '../../domain/run/index.ts';
import type { QueryContext } from '../query.ts';

/** Of the principal's own, and not in the trash. */
export async function ownActive(context: QueryContext, conversationId: string): Promise<Conversation | undefined> {
  const conversation = await context.conversation(conversationId);
  return conversation?.status === 'active' ? conversation : undefined;
}

/** A run as its own stream tells it. */
export async function runState(context: Pick<QueryContext, 'events'>, runId: string): Promise<Run> {
  let state = runs.initialState();
  for await (const event of context.events(runStream(runId))) state = runs.evolve(state, event as unknown as RunEvent);
  return state;
}
