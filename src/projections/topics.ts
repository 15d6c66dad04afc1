import { z } from 'zod';
import { ConversationId, RunId } from '../domain/ids.ts';

/** A run of one of one's own conversations. */
export const FollowRun = z.object({
  topic: z.literal('run'),
  conversationId: ConversationId,
  runId: RunId,
  segment: z.number().int().nonnegative().default(0),
  only: z.boolean().optional(),
});
/** Every event of one's own data. */
export const FollowFeed = z.object({ topic: z.literal('feed') });

/** Whether the prompts that one can use have changed. */
export const FollowPrompts = z.object({ topic: z.literal('prompts') });

/** Every topic and who may follow it. */
export const topics = {
  run: { schema: FollowRun, policy: 'owner of the conversation' },
  feed: { schema: FollowFeed, policy: 'one’s own events' },
  prompts: { schema: FollowPrompts, policy: 'one’s own prompts, and those shown to everybody' },
} as const;
