import { z } from 'zod';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import { type ModelChunk, ModelError } from '../../adapters/model-provider/port.ts';
import type { Tell } from '../../commands/command.ts';
import { assignPlaceholders } from '../../commands/masking.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import type { ConversationId, PersonId } from '../../domain/ids.ts';
import type { MaskKind } from '../../domain/masking/detect.ts';
import {
  conversationMasking,
  isMasked,
  MASKING_STREAM,
  MaskedWordsChanged,
  type MaskingPolicy,
  maskedWordsStream,
  maskingPolicies,
  maskingStream,
  PlaceholdersAssigned,
} from '../../domain/masking/index.ts';
import { createMasking } from '../../domain/masking/mask.ts';
import { createPlaceholders, type PlaceholderEntry } from '../../domain/masking/placeholders.ts';
import { maskRequest, type Prompt } from './mask-request.ts';
import { unmaskAnswer } from './unmask-answer.ts';

export type MaskCounts = Readonly<Partial<Record<MaskKind, number>>>;

/** For whom, and what hears of it. */
interface Asker {
  readonly person: PersonId;
  readonly conversationId: string;
  readonly onMasked?: (counts: MaskCounts) => Promise<void>;
}
interface Way {
  readonly provider: string;
  /** To an address that somebody gave, and not where this provider is found here. */
  readonly elsewhere: boolean;
}
export interface MaskedPrompt {
  readonly request: Prompt;
  /** What comes back, as it is meant. */
  readonly answer: (chunks: AsyncIterable<ModelChunk>) => AsyncIterable<ModelChunk>;
}
export type MaskPrompt = (asker: Asker, way: Way, request: Prompt) => Promise<MaskedPrompt>;

export interface MaskingParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  /** What holds until an administrator says otherwise. */
  readonly usual: MaskingPolicy;
}

const ATTEMPTS = 5;
const Entries = z.object({ entries: z.array(z.object({ placeholder: z.string(), value: z.string() })) });
const Words = z.object({ words: z.array(z.string()) });

/** The last step before a prompt leaves. What it cannot mask it does not let go: it throws `ModelError`. */
export function createMaskPrompt({ tell, loader, store, sealer, usual }: MaskingParts): MaskPrompt {
  /** What a stream's events of a type have sealed; what has been erased is left out. */
  const opened = async (stream: string, type: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const event of store.read(stream)) {
      if (event.type !== type) continue;
      const content = await sealer.open(event.data.sealed as unknown as Sealed, event.id);
      if (content === '[unreadable]') throw notMasked('What is to be masked cannot be read: the key is missing from the vault.');
      if (!isUnopened(content)) found.push(content);
    }
    return found;
  };
  const entriesOf = async (conversationId: string): Promise<PlaceholderEntry[]> =>
    (await opened(maskingStream(conversationId), PlaceholdersAssigned.type)).flatMap((content) => Entries.parse(content).entries);
  const wordsOf = async (person: PersonId): Promise<string[]> => {
    const last = (await opened(maskedWordsStream(person), MaskedWordsChanged.type)).at(-1);
    return last === undefined ? [] : Words.parse(last).words;
  };

  return async (asker, { provider, elsewhere }, request) => {
    const conversationId = asker.conversationId as ConversationId;
    const { policy = usual } = (await loader.load(MASKING_STREAM, maskingPolicies)).state;
    const { mode } = (await loader.load(maskingStream(conversationId), conversationMasking)).state;
    if (!isMasked(policy, mode, provider, elsewhere)) return { request, answer: (chunks) => chunks };
    const listed = policy.kinds.includes('NAME') ? await wordsOf(asker.person) : [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await entriesOf(conversationId);
      const placeholders = createPlaceholders(known);
      const masking = createMasking(placeholders, { kinds: policy.kinds, listed });
      const masked = maskRequest(request, masking);
      const entries = [...placeholders.added()];
      if (entries.length > 0) {
        const told = await tell(annals(asker.person), assignPlaceholders({ conversationId, known: known.length, entries }));
        if (!told.ok && told.error.code === 'Superseded') continue;
        if (!told.ok) throw notMasked(told.error.message);
      }
      await asker.onMasked?.(masking.counts());
      return { request: masked, answer: (chunks) => unmaskAnswer(chunks, placeholders) };
    }
    throw notMasked('Others mask the same thread at the same time.');
  };
}

const notMasked = (why: string): ModelError => new ModelError('Unavailable', `The prompt could not be masked, so it was not sent. ${why}`);
