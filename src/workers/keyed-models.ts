import { type ModelChunk, ModelError, type ModelRequest, type Models } from '../adapters/model-provider/port.ts';
import type { PersonId } from '../domain/ids.ts';
import { createAccess, WITHOUT_KEYS } from './key-access.ts';
import { createModelCatalogue, type ModelCatalogue } from './model-catalogue.ts';
import type { ProviderKeys } from './provider-keys.ts';

/** Who calls, and for what. */
export interface Caller {
  readonly person: PersonId;
  readonly conversationId: string;
}

export interface KeyedModelsParts {
  readonly models: Models;
  readonly keys: Pick<ProviderKeys, 'find' | 'all'>;
  /** Whether somebody may use a model at all. */
  readonly permits: (person: PersonId) => Promise<(model: string) => boolean>;
  /** Persons may have models called in this machine's own network: where there is only one person, who sits at it. */
  readonly privateAddresses: boolean;
  /** Whether models may be called for this person now. */
  readonly mayProcess: (person: PersonId) => Promise<boolean>;
}

export type CallModel = (
  caller: Caller,
  model: string,
  request: Omit<ModelRequest, 'model' | 'access'>,
  onAttempt?: (attempt: number) => void,
) => AsyncIterable<ModelChunk>;

/** Calls models, and lists them, with the key of whoever does: its own, the organisation's, the installation's, in this order. */
export function createKeyedModels({ models, keys, permits, privateAddresses, mayProcess }: KeyedModelsParts): {
  callModel: CallModel;
  catalogue: ModelCatalogue;
} {
  const accessOf = createAccess(privateAddresses);
  const callModel: CallModel = async function* call({ person, conversationId }, model, request, onAttempt) {
    if (!(await permits(person))(model)) throw new ModelError('Unauthorized', `You may not use the model ${model}: choose one of your list.`);
    if (!(await mayProcess(person))) throw new ModelError('Unauthorized', 'The processing of this person’s data is restricted: no model is called.');
    const [provider = ''] = model.split('/');
    const found = WITHOUT_KEYS.includes(provider)
      ? ({ ok: true, key: undefined } as const)
      : await keys.find(person, { provider, model, conversationId });
    if (!found.ok) throw new ModelError('Unauthorized', found.error.message);
    if (found.key === undefined) return yield* models.stream(model, request, onAttempt);
    let shown = false;
    try {
      for await (const chunk of models.stream(model, { ...request, access: accessOf(found.key, found.key) }, onAttempt)) {
        shown = true;
        yield chunk;
      }
    } catch (error) {
      const { previous } = found.key;
      if (shown || previous === undefined || !(error instanceof ModelError) || error.code !== 'Unauthorized') throw error;
      yield* models.stream(model, { ...request, access: accessOf(found.key, previous) }, onAttempt);
    }
  };

  return { callModel, catalogue: createModelCatalogue({ models, keys, permits, accessOf }) };
}
