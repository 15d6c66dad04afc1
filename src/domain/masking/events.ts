import { z } from 'zod';
import { event, sealed } from '../event.ts';
import { ConversationId } from '../ids.ts';
import { maskKinds } from './detect.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const MaskKindName = z.enum(maskKinds);
/** When prompts are masked here. */
export const MaskingPolicy = z.strictObject({
  /** `foreign`: for providers that are not named in `own`. */
  mode: z.enum(['off', 'foreign', 'all']),
  kinds: z.array(MaskKindName),
  /** Providers that run here: prompts to them stay in the house. */
  own: z.array(z.string().max(64)).max(100),
  /** Where it masks, no owner of a thread turns it off. */
  binding: z.boolean(),
});
export type MaskingPolicy = z.output<typeof MaskingPolicy>;

/** What holds until an administrator says otherwise. */
export const usualMasking: MaskingPolicy = { mode: 'off', kinds: [...maskKinds], own: ['demo', 'ollama', 'lmstudio', 'llamacpp'], binding: false };

/** Of one thread: as everywhere here, or whatever else is said. */
export const ConversationMasking = z.enum(['usual', 'on', 'off']);
export type ConversationMasking = z.output<typeof ConversationMasking>;

export const MaskingPolicyChanged = event('MaskingPolicyChanged', 1, { before: MaskingPolicy.nullable(), policy: MaskingPolicy });
export const MaskedWordsChanged = event('MaskedWordsChanged', 1, {
  count: z.number().int(),
  ...sealed({ words: z.array(z.string()) }),
});
export const ConversationMaskingChanged = event('ConversationMaskingChanged', 1, { conversationId: ConversationId, mode: ConversationMasking });
/** From now on these placeholders stand for these values in this thread; no provider ever gets the values. */
export const PlaceholdersAssigned = event('PlaceholdersAssigned', 1, {
  conversationId: ConversationId,
  count: z.number().int(),
  ...sealed({ entries: z.array(z.object({ placeholder: z.string(), value: z.string() })) }),
});

export const conversationMaskingEvents = [ConversationMaskingChanged, PlaceholdersAssigned] as const;
export const maskingEvents = [MaskingPolicyChanged, MaskedWordsChanged, ...conversationMaskingEvents] as const;
