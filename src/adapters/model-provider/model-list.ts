import type { ModelClock } from './clock.ts';
import type { ModelInfo, ModelProvider, Models } from './port.ts';

const freshMs = 60_000;

/** What can be chosen. Each provider is asked at most once a minute; one that does not answer is left out, or keeps what it answered last. */
export function createModelList(
  providers: readonly ModelProvider[],
  defaultModel: () => Promise<string>,
  clock: ModelClock,
): Pick<Models, 'list' | 'defaultModel'> {
  const asked = new Map<ModelProvider, { readonly at: number; readonly models: Promise<readonly ModelInfo[]> }>();

  const modelsOf = (provider: ModelProvider): Promise<readonly ModelInfo[]> => {
    const last = asked.get(provider);
    if (last && clock.now() - last.at < freshMs) return last.models;
    const models = provider.models().catch(() => last?.models ?? []);
    asked.set(provider, { at: clock.now(), models });
    return models;
  };

  return {
    defaultModel,
    async list() {
      const [id, ...found] = await Promise.all([defaultModel().catch(() => undefined), ...providers.map(modelsOf)]);
      const models = found.flat();
      const [name = ''] = id?.split('/') ?? [];
      const missing = id !== undefined && !models.some((model) => model.id === id) && providers.some((provider) => provider.name === name);
      return missing ? [{ id, provider: name, name: id.slice(name.length + 1) }, ...models] : models;
    },
  };
}
