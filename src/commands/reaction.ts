import { z } from 'zod';
import { reactionStream, reactions } from '../domain/reaction.ts';
import { command } from './command.ts';
import { administratorsOnly, annalsOnly } from './policy.ts';

const cause = { reaction: z.string(), eventId: z.string(), eventType: z.string(), stream: z.string(), revision: z.string() };
const gaveUp = { ...cause, attempts: z.number().int(), reason: z.string() };
const written = { stream: ({ reaction }: { reaction: string }) => reactionStream(reaction), aggregate: reactions };

export const parkReaction = command('parkReaction', { input: z.object(gaveUp), ...written, policy: annalsOnly });
export const skipReaction = command('skipReaction', { input: z.object(gaveUp), ...written, policy: annalsOnly });
export const unparkReaction = command('unparkReaction', {
  input: z.object({ reaction: z.string().regex(/^[a-z-]{1,64}$/), eventId: z.string().max(64) }),
  ...written,
  policy: administratorsOnly,
  needs: 'operation.edit',
});
