import { z } from 'zod';
import { type ConversationEvent, conversationStream } from '../../domain/conversation/index.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import { ConversationId, RunId } from '../../domain/ids.ts';
import { runStream } from '../../domain/run/index.ts';
import { type TitleCall, titleStream, titles } from '../../domain/title.ts';
import { type QueryContext, query } from '../query.ts';
import { runList } from '../views/runs.ts';
import { ownActive, runState } from './assistant-ui-state.ts';
import { anyPerson } from './policy.ts';

/** A thread's tree as the log has it; no text. Of the principal's own threads that are not in the trash. Change nothing in it. */
export const auiConversation = query('auiConversation', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId }, context) => ownActive(context, conversationId),
});

/** A run of a thread, from its own stream. */
export const auiRun = query('auiRun', {
  input: z.object({ conversationId: ConversationId, runId: RunId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId, runId }, context) => {
    const run = (await ownActive(context, conversationId))?.runs.get(runId);
    return run && { ...run, run: await runState(context, runId) };
  },
});

/** The thread that a run belongs to, by the run's own stream, or by the view while the run has not begun. */
export const auiRunPlace = query('auiRunPlace', {
  input: z.object({ runId: RunId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [runList],
  run: async ({ runId }, context) => {
    const place = ConversationId.safeParse(await placeOf(context, runId)).data;
    const run = place && (await ownActive(context, place))?.runs.get(runId);
    return run && { conversationId: place, ...run, run: await runState(context, runId) };
  },
});

async function placeOf(context: QueryContext, runId: RunId): Promise<unknown> {
  for await (const event of context.events(runStream(runId))) return event.data['conversationId'];
  return (await context.views.get(runList, runId))?.doc.conversationId;
}

/** The newest title in the log, and whether the attempt to find one has ended. */
export const auiTitle = query('auiTitle', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  needs: 'conversation.view',
  views: [],
  run: async ({ conversationId }, context) => {
    const conversation = await ownActive(context, conversationId);
    if (!conversation) return undefined;
    let call: TitleCall = titles.initialState();
    for await (const event of context.events(titleStream(conversationId))) call = titles.evolve(call, event as never);
    return { title: conversation.titledBy === undefined ? null : await newestTitle(context, conversationId), tried: call.ended };
  },
});

async function newestTitle(context: QueryContext, conversationId: ConversationId): Promise<string | null> {
  let sealed: Sealed | undefined;
  for await (const recorded of context.events(conversationStream(conversationId))) {
    const event = recorded as unknown as ConversationEvent;
    if (event.type === 'ConversationRenamed' || event.type === 'ConversationTitled') sealed = event.data.sealed;
    if (event.type === 'ConversationStarted' && event.data.titled) sealed = event.data.sealed;
  }
  const body = sealed && (await context.open(sealed));
  return isUnopened(body) ? body : (z.object({ title: z.string() }).safeParse(body).data?.title ?? null);
}
