import { type ModelChunk, ModelError, type ModelRequest, type Models } from '../adapters/model-provider/port.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import { mayUseModel } from '../permissions/ability.ts';
import { createAccess, WITHOUT_KEYS } from './key-access.ts';
import type { MaskCounts, MaskPrompt } from './masking/mask-prompt.ts';
import { createModelCatalogue, type ModelCatalogue } from './model-catalogue.ts';
import type { ProviderKeys, UsableKey } from './provider-keys.ts';

/** Who calls, and for what. */
export interface Caller {
  readonly person: PersonId;
  readonly conversationId: string;
  /** Hears what is masked, before the call is made. */
  readonly onMasked?: (counts: MaskCounts) => Promise<void>;
}

export interface KeyedModelsParts {
  readonly models: Models;
  readonly keys: Pick<ProviderKeys, 'find' | 'all'>;
  /** What somebody may do now. */
  readonly principalOf: (person: PersonId) => Promise<Principal>;
  /** Persons may have models called in this machine's own network: where there is only one person, who sits at it. */
  readonly privateAddresses: boolean;
  /** Masks prompts, and gives answers back as they are meant. */
  readonly mask: MaskPrompt;
  /** Whether models may be called for this person now. */
  readonly mayProcess: (person: PersonId) => Promise<boolean>;
}

type Call = Parameters<CallModel> extends readonly [unknown, ...infer Rest] ? Rest : never;
export type CallModel = (
  caller: Caller,
  model: string,
  request: Omit<ModelRequest, 'model' | 'access'>,
  onAttempt?: (attempt: number) => void,
) => AsyncIterable<ModelChunk>;

/** Calls models, and lists them, with the key of whoever does: its own, the organisation's, the installation's, in this order. */
export function createKeyedModels({ models, keys, principalOf, privateAddresses, mayProcess, mask }: KeyedModelsParts): {
  callModel: CallModel;
  catalogue: ModelCatalogue;
} {
  const accessOf = createAccess(privateAddresses);
  const answerWith = async function* (found: UsableKey | undefined, ...[model, request, onAttempt]: Call): AsyncGenerator<ModelChunk> {
    if (found === undefined) return yield* models.stream(model, request, onAttempt);
    let shown = false;
    try {
      for await (const chunk of models.stream(model, { ...request, access: accessOf(found, found) }, onAttempt)) {
        shown = true;
        yield chunk;
      }
    } catch (error) {
      const { previous } = found;
      if (shown || previous === undefined || !(error instanceof ModelError) || error.code !== 'Unauthorized') throw error;
      yield* models.stream(model, { ...request, access: accessOf(found, previous) }, onAttempt);
    }
  };
  const callModel: CallModel = async function* call(caller, model, request, onAttempt) {
    const { person, conversationId } = caller;
    if (!mayUseModel(await principalOf(person), model))
      throw new ModelError('Unauthorized', `You may not use the model ${model}: choose one of your list.`);
    if (!(await mayProcess(person))) throw new ModelError('Unauthorized', 'The processing of this person’s data is restricted: no model is called.');
    const [provider = ''] = model.split('/');
    const found = WITHOUT_KEYS.includes(provider)
      ? ({ ok: true, key: undefined } as const)
      : await keys.find(person, { provider, model, conversationId });
    if (!found.ok) throw new ModelError('Unauthorized', found.error.message);
    const masked = await mask(caller, { provider, elsewhere: (found.key?.baseUrl ?? null) !== null }, request);
    yield* masked.answer(answerWith(found.key, model, masked.request, onAttempt));
  };

  return { callModel, catalogue: createModelCatalogue({ models, keys, principalOf, accessOf }) };
}
