import { LRUCache } from 'lru-cache';
import type { ModelInfo, Models } from '../adapters/model-provider/port.ts';
import type { PersonId } from '../domain/ids.ts';
import { allows } from '../domain/key-use.ts';
import type { Principal } from '../domain/principal.ts';
import { mayUseModel } from '../permissions/ability.ts';
import { type AccessOf, WITHOUT_KEYS } from './key-access.ts';
import type { ListedKey, ProviderKeys } from './provider-keys.ts';

export interface ModelCatalogue {
  /** What can be chosen; for a person also what its own keys and those of the organisation open. */
  list(person?: PersonId): Promise<readonly ModelInfo[]>;
  defaultModel(): Promise<string>;
}

const FRESH_MS = 60_000;

/** Each key's service is asked at most once a minute; one that does not answer has no models then. */
export function createModelCatalogue({
  models,
  keys,
  principalOf,
  accessOf,
}: {
  readonly models: Models;
  readonly keys: Pick<ProviderKeys, 'all'>;
  readonly principalOf: (person: PersonId) => Promise<Principal>;
  readonly accessOf: AccessOf;
}): ModelCatalogue {
  const asked = new LRUCache<string, Promise<readonly ModelInfo[]>>({ max: 10_000, ttl: FRESH_MS });

  async function openedBy({ key, provider, scopes, version }: ListedKey): Promise<readonly ModelInfo[]> {
    const known = asked.get(version);
    const listed = known ?? key().then((usable) => (usable ? models.listWith(provider, accessOf(usable, usable)) : []));
    if (!known)
      asked.set(
        version,
        listed.catch(() => []),
      );
    const found = await listed.catch(() => []);
    return found.filter(({ id }) => allows({ models: scopes.models }, { provider, model: id }));
  }

  return {
    defaultModel: models.defaultModel,
    async list(person) {
      const own = person === undefined ? [] : (await keys.all(person)).filter(({ provider }) => !WITHOUT_KEYS.includes(provider));
      const [usual, ...opened] = await Promise.all([models.list(), ...own.map(openedBy)]);
      const byId = new Map([...opened.flat().toReversed(), ...usual.toReversed()].map((model) => [model.id, model]));
      const principal = person === undefined ? undefined : await principalOf(person);
      return [...usual, ...opened.flat()].filter(({ id }) => byId.delete(id) && (principal === undefined || mayUseModel(principal, id)));
    },
  };
}
