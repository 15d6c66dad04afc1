import { ConversationDeleted } from '../../domain/conversation/index.ts';
import type { JsonObject } from '../../domain/event.ts';
import { PromptMasked } from '../../domain/run/index.ts';
import { view } from '../view.ts';

/** What was masked in the prompts of one run: of each kind the most that one prompt had. */
export interface MaskedPromptDoc extends JsonObject {
  conversationId: string;
  at: string;
  kinds: { [kind: string]: number };
}

const types = [PromptMasked, ConversationDeleted] as const;

export const maskedPrompts = view<MaskedPromptDoc, (typeof types)[number]>({
  name: 'masked-prompts',
  version: 1,
  types,
  indexes: [['conversationId', 'at']],
  keys: ({ type, data }) => (type === 'ConversationDeleted' ? [{ index: 'conversationId', value: data.conversationId }] : [data.runId]),
  fold: (doc, { type, data, metadata }) => {
    if (type === 'ConversationDeleted') return 'delete';
    const kinds = { ...doc?.kinds };
    for (const { kind, count } of data.kinds) kinds[kind] = Math.max(kinds[kind] ?? 0, count);
    return { conversationId: data.conversationId, at: metadata.time, kinds };
  },
});
