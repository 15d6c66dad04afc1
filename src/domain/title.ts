import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { ConversationId } from './ids.ts';
import { Usage } from './message.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Asking a model for a title is an effect of its own, with its own stream and its own usage. */
export const TitleCallStarted = event('TitleCallStarted', 1, { conversationId: ConversationId, model: z.string(), attempt: z.number().int() });
export const TitleCallEnded = event('TitleCallEnded', 1, {
  conversationId: ConversationId,
  model: z.string(),
  titled: z.boolean(),
  usage: Usage.optional(),
  error: z.string().optional(),
});
export const titleEvents = [TitleCallStarted, TitleCallEnded] as const;
type TitleEvent = EventOf<(typeof titleEvents)[number]>;

export interface TitleCall {
  attempts: number;
  ended: boolean;
}
export type TitleCommand =
  | { name: 'startTitleCall'; conversationId: ConversationId; model: string }
  | { name: 'endTitleCall'; conversationId: ConversationId; model: string; titled: boolean; usage?: Usage; error?: string };

export const titleStream = (conversationId: string): string => `title-${conversationId}`;

export const titles: Decider<TitleCall, TitleCommand, TitleEvent> = {
  initialState: () => ({ attempts: 0, ended: false }),
  evolve: (state, { type, data }) => {
    if (type === 'TitleCallStarted') state.attempts = data.attempt;
    else state.ended = true;
    return state;
  },
  decide: (command, state) => {
    const { conversationId, model } = command;
    if (state.ended) return refuse('Superseded', 'A title has been asked for already.');
    if (command.name === 'startTitleCall') return [TitleCallStarted({ conversationId, model, attempt: state.attempts + 1 })];
    return [TitleCallEnded({ conversationId, model, titled: command.titled, usage: command.usage, error: command.error })];
  },
};
