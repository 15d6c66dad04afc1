import { z } from 'zod';
import { ConversationId, RunId } from '../domain/ids.ts';

/** A run of a conversation of one's own, or of one that is shared with one. */
export const FollowRun = z.object({
  topic: z.literal('run'),
  conversationId: ConversationId,
  runId: RunId,
  segment: z.number().int().nonnegative().default(0),
  only: z.boolean().optional(),
});
/** Every event of one's own data. */
export const FollowFeed = z.object({ topic: z.literal('feed') });

/** What those who watch over the installation have to know of. */
export const FollowSecurity = z.object({ topic: z.literal('security') });
/** Whether the prompts that one can use have changed. */
export const FollowPrompts = z.object({ topic: z.literal('prompts') });

/** Every topic and who may follow it. */
export const topics = {
  run: { schema: FollowRun, policy: 'who may view the conversation' },
  feed: { schema: FollowFeed, policy: 'one’s own events' },
  security: { schema: FollowSecurity, policy: 'auditors and administrators' },
  prompts: { schema: FollowPrompts, policy: 'one’s own prompts, and those shown to everybody' },
} as const;
