import { z } from 'zod';
import { ConversationId } from '../domain/ids.ts';
import { Usage } from '../domain/message.ts';
import { titleStream, titles } from '../domain/title.ts';
import { command } from './command.ts';
import { annalsOnly } from './policy.ts';

const target = { conversationId: ConversationId, model: z.string() };
const written = {
  stream: ({ conversationId }: { conversationId: ConversationId }) => titleStream(conversationId),
  aggregate: titles,
  policy: annalsOnly,
};

export const startTitleCall = command('startTitleCall', { input: z.object(target), ...written });
export const endTitleCall = command('endTitleCall', {
  input: z.object({ ...target, titled: z.boolean(), usage: Usage.optional(), error: z.string().optional() }),
  ...written,
});
