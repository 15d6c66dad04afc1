import type { Decider } from '../decider.ts';
import { type ConversationCommand, decide } from './decide.ts';
import type { ConversationEvent } from './events.ts';
import { type Conversation, evolve, initialState } from './state.ts';

export type { ConversationCommand } from './decide.ts';
export * from './events.ts';
export { branchOf, type Conversation, lastReplyTo, type Node, resolveMessage } from './state.ts';

export const conversations: Decider<Conversation, ConversationCommand, ConversationEvent> = { initialState, evolve, decide };
export const conversationStream = (id: string): string => `conversation-${id}`;
