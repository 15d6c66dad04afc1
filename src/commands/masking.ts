import { z } from 'zod';
import { type Conversation, conversationStream, conversations } from '../domain/conversation/index.ts';
import { ConversationId } from '../domain/ids.ts';
import {
  ConversationMasking,
  conversationMasking,
  MASKING_STREAM,
  MaskingPolicy,
  maskedWords,
  maskedWordsStream,
  maskingPolicies,
  maskingStream,
} from '../domain/masking/index.ts';
import { command, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, namedPerson, ownerOnly } from './policy.ts';

export const changeMaskingPolicy = command('changeMaskingPolicy', {
  input: z.object({ policy: MaskingPolicy }),
  stream: () => MASKING_STREAM,
  policy: administratorsOnly,
  aggregate: maskingPolicies,
  subject: (_input, { id }) => id,
});

const Word = z.string().trim().min(2).max(100);
/** All of them, in the place of those before. */
export const setMaskedWords = command('setMaskedWords', {
  input: z.object({ words: z.array(Word).max(200) }),
  stream: (_input, { id, onBehalfOf }) => maskedWordsStream(onBehalfOf ?? id),
  policy: namedPerson,
  aggregate: maskedWords,
  subject: (_input, { id, onBehalfOf }) => onBehalfOf ?? id,
});

const ofConversation = {
  stream: ({ conversationId }: { conversationId: ConversationId }) => maskingStream(conversationId),
  within: { stream: ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId), aggregate: conversations },
  aggregate: conversationMasking,
};
export const setConversationMasking = command('setConversationMasking', {
  input: z.object({ conversationId: ConversationId, mode: ConversationMasking }),
  ...ofConversation,
  policy: ((request) => (request.state?.status === 'deleted' ? 'notFound' : ownerOnly(request))) as Policy<unknown, Conversation>,
});
export const assignPlaceholders = command('assignPlaceholders', {
  input: z.object({
    conversationId: ConversationId,
    known: z.number().int(),
    entries: z.array(z.object({ placeholder: z.string(), value: z.string() })).min(1),
  }),
  ...ofConversation,
  policy: annalsOnly,
});
