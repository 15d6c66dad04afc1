import { z } from 'zod';
import { setConversationRetention } from '../../commands/conversation.ts';
import { changeRetentionPolicy } from '../../commands/retention.ts';
import { ConversationRetention, RetentionPolicy, retentionClasses } from '../../domain/retention.ts';
import { getConversationRetention, getRetentionPolicy, listDueForDeletion } from '../../projections/queries/retention.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Privacy'];
const because = z.enum(['own', 'installation']).nullable().describe('By whose word: one’s own, or that of the installation.');
const Policy = z.object({
  policy: RetentionPolicy.describe('Hours; null: for ever.'),
  notBefore: z.partialRecord(z.enum(retentionClasses), z.string()).describe('What a change made overdue is deleted from then on.'),
});
const Due = z.object({ id: z.string(), kind: z.string(), deletedAt: z.string(), because });

export const retentionRoutes: readonly RouteDefinition[] = routes({
  'GET /api/retention': asks(getRetentionPolicy, { summary: 'How long what is kept here', tags, result: Policy }),
  'PUT /api/retention': tells(changeRetentionPolicy, {
    summary: 'Change how long what is kept',
    description: 'What becomes overdue by a shorter time is deleted a week later at the earliest; until then its owners see it in their list.',
    tags,
    result: Done,
  }),
  'GET /api/retention/due': asks(listDueForDeletion, {
    summary: 'What of one’s own is going to be deleted for good, the soonest first',
    tags,
    result: z.object({ due: z.array(Due) }),
  }),
  'GET /api/conversations/{conversationId}/retention': asks(getConversationRetention, {
    summary: 'How long a thread is kept, and when it is deleted for good',
    tags,
    result: z.object({ retention: ConversationRetention, deletedAt: z.string().nullable(), because }),
  }),
  'PUT /api/conversations/{conversationId}/retention': tells(setConversationRetention, {
    summary: 'Say how long a thread is kept',
    tags,
    result: Done,
  }),
});
