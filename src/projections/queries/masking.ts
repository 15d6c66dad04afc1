import { z } from 'zod';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import { ConversationId } from '../../domain/ids.ts';
import { ConversationMasking, MASKING_STREAM, MaskingPolicyChanged, maskedWordsStream, maskingStream } from '../../domain/masking/index.ts';
import { query } from '../query.ts';
import { maskedPrompts } from '../views/masked-prompts.ts';
import { lastOf } from './last-of.ts';
import { anyPerson } from './policy.ts';

/** How prompts are masked here; everybody may know. */
export const getMaskingPolicy = query('getMaskingPolicy', {
  input: z.object({}),
  policy: anyPerson,
  views: [],
  run: async (_input, context) => {
    const last = await lastOf(context, MASKING_STREAM, MaskingPolicyChanged.type);
    const said = last && MaskingPolicyChanged.schema.parse(last.data);
    return { policy: said?.policy ?? context.privacy.masking };
  },
});

const Words = z.object({ words: z.array(z.string()) });

/** What one wants masked oneself. */
export const getMaskedWords = query('getMaskedWords', {
  input: z.object({}),
  policy: anyPerson,
  views: [],
  run: async (_input, context) => {
    const last = await lastOf(context, maskedWordsStream(context.principal.id));
    const content = last && (await context.open(last.data.sealed as unknown as Sealed, last.id));
    return { words: content === undefined || isUnopened(content) ? [] : Words.parse(content).words };
  },
});

/** How the prompts of a thread are masked, and what was masked in its latest runs. */
export const getConversationMasking = query('getConversationMasking', {
  input: z.object({ conversationId: ConversationId }),
  policy: anyPerson,
  views: [maskedPrompts],
  run: async ({ conversationId }, context) => {
    if (!(await context.conversation(conversationId))) return undefined;
    const last = await lastOf(context, maskingStream(conversationId), 'ConversationMaskingChanged');
    const { documents } = await context.views.find(maskedPrompts, { conversationId }, { sort: [['at', 'desc']], limit: 100 });
    return {
      mode: ConversationMasking.parse(last?.data.mode ?? 'usual'),
      runs: documents.map(({ id, doc: { at, kinds } }) => ({ runId: id, at, kinds })),
    };
  },
});
