import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import type { ModelRule } from './permission.ts';
import { Grantee } from './share.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** `provider/model`, or `provider/*`: whatever of that provider has no line of its own. */
export const ModelName = z
  .string()
  .max(255)
  .regex(/^[a-z0-9][a-z0-9._-]*\/\S+$/, 'must be provider/model, or provider/* for all of them');

/** From now on only they may use the model; `null`: everybody may. */
export const ModelAccessSet = event('ModelAccessSet', 1, { model: ModelName, before: z.array(Grantee).nullable(), to: z.array(Grantee).nullable() });
export const modelAccessEvents = [ModelAccessSet] as const;

/** By model: who may use it. A model that is not in it may be used by everybody. */
export type ModelAccess = Map<string, readonly string[]>;
export interface ModelAccessCommand {
  name: 'setModelAccess';
  model: string;
  to: string[] | null;
}

/** One for the installation, so that it is known without any view. */
export const MODEL_ACCESS_STREAM = 'model-access';
const MOST_MODELS = 500;

export const modelAccess: Decider<ModelAccess, ModelAccessCommand, EventOf<typeof ModelAccessSet>> = {
  initialState: () => new Map(),
  evolve: (access, { data: { model, to } }) => {
    if (to === null) access.delete(model);
    else access.set(model, to);
    return access;
  },
  decide: ({ model, to }, access) => {
    const before = access.get(model) ?? null;
    if (JSON.stringify(before) === JSON.stringify(to)) return [];
    if (to !== null && before === null && access.size >= MOST_MODELS)
      return refuse('TooManyModels', `There are rules for ${MOST_MODELS} models already.`);
    return [ModelAccessSet({ model, before: before as never, to: to as never })];
  },
};

/** What the rules say to somebody, whole providers first. Administrators may use every model. */
export function modelRulesFor(access: ModelAccess, { id, roles }: { readonly id: string; readonly roles: readonly string[] }): readonly ModelRule[] {
  if (access.size === 0 || roles.includes('administrator')) return [];
  const isAllowed = (to: readonly string[]): boolean => to.some((grantee) => grantee === id || roles.includes(grantee));
  const rules = [...access].map(([model, to]): ModelRule => ({ model, allowed: isAllowed(to) }));
  return [...rules.filter(({ model }) => model.endsWith('/*')), ...rules.filter(({ model }) => !model.endsWith('/*'))];
}
