import { type Decider, refuse } from '../decider.ts';
import type { EventOf } from '../event.ts';
import type { ConversationId } from '../ids.ts';
import {
  type ConversationMasking,
  ConversationMaskingChanged,
  type conversationMaskingEvents,
  MaskedWordsChanged,
  type MaskingPolicy,
  MaskingPolicyChanged,
  PlaceholdersAssigned,
} from './events.ts';
import type { PlaceholderEntry } from './placeholders.ts';

export * from './events.ts';

export const MASKING_STREAM = 'masking-installation';
export const maskedWordsStream = (person: string): string => `maskedWords-${person}`;
export const maskingStream = (conversationId: string): string => `masking-${conversationId}`;

type PolicyCommand = { name: 'changeMaskingPolicy'; policy: MaskingPolicy };

/** How prompts are masked in the whole installation. */
export const maskingPolicies: Decider<{ policy?: MaskingPolicy }, PolicyCommand, EventOf<typeof MaskingPolicyChanged>> = {
  initialState: () => ({}),
  evolve: (_state, { data }) => ({ policy: data.policy }),
  decide: ({ policy }, { policy: before = null }) => (same(policy, before) ? [] : [MaskingPolicyChanged({ before, policy })]),
};

const same = (one: MaskingPolicy, other: MaskingPolicy | null): boolean =>
  other !== null &&
  one.mode === other.mode &&
  one.binding === other.binding &&
  one.kinds.join() === other.kinds.join() &&
  one.own.join() === other.own.join();

type WordsCommand = { name: 'setMaskedWords'; words: string[] };

/** What a person wants masked beside what is found. */
export const maskedWords: Decider<{ count: number }, WordsCommand, EventOf<typeof MaskedWordsChanged>> = {
  initialState: () => ({ count: 0 }),
  evolve: (_state, { data }) => ({ count: data.count }),
  decide: ({ words }, { count }) =>
    words.length === 0 && count === 0 ? [] : [MaskedWordsChanged({ count: words.length, words: [...new Set(words)] })],
};

export interface MaskedConversation {
  mode: ConversationMasking;
  /** How many placeholders have been given out. */
  placeholders: number;
}
type ConversationCommand =
  | { name: 'setConversationMasking'; conversationId: ConversationId; mode: ConversationMasking }
  | { name: 'assignPlaceholders'; conversationId: ConversationId; known: number; entries: PlaceholderEntry[] };

/** How the prompts of one thread are masked. */
export const conversationMasking: Decider<MaskedConversation, ConversationCommand, EventOf<(typeof conversationMaskingEvents)[number]>> = {
  initialState: () => ({ mode: 'usual', placeholders: 0 }),
  evolve: (state, event) => {
    if (event.type === 'ConversationMaskingChanged') state.mode = event.data.mode;
    else state.placeholders += event.data.count;
    return state;
  },
  decide: (command, state) => {
    const { conversationId } = command;
    if (command.name === 'setConversationMasking')
      return command.mode === state.mode ? [] : [ConversationMaskingChanged({ conversationId, mode: command.mode })];
    if (command.known !== state.placeholders) return refuse('Superseded', 'Others have given out placeholders meanwhile: read them first.');
    return [PlaceholdersAssigned({ conversationId, count: command.entries.length, entries: command.entries })];
  },
};

/** Whether a prompt is masked. `elsewhere`: it goes to an address that somebody gave for this provider, wherever that may be. */
export function isMasked(policy: MaskingPolicy, mode: ConversationMasking, provider: string, elsewhere: boolean): boolean {
  const usual = policy.mode === 'all' || (policy.mode === 'foreign' && (elsewhere || !policy.own.includes(provider)));
  if (mode === 'on') return true;
  return mode === 'off' && !policy.binding ? false : usual;
}
