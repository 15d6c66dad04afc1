import { PromptName } from '../../domain/prompt/index.ts';
import { completePromptArgument, expandPrompt, listPrompts } from '../../projections/queries/prompts.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import type { PromptSource } from './source.ts';

/** The prompts of whoever sends the request. `used` hears of each that was got and is somebody's. */
export function ownPrompts({ ask }: Pick<RouteRequest, 'ask'>, used: (promptId: string) => Promise<void>): PromptSource {
  return {
    async list({ cursor, search, limit }) {
      const asked = await ask(listPrompts({ state: 'active', usable: 'true', limit, cursor, search }));
      if (asked.ok) return asked.data;
      if (asked.error.code === 'InvalidInput') return undefined;
      throw new HttpError(asked.error.code, asked.error.message);
    },
    async get(name, values) {
      if (!PromptName.safeParse(name).success) return { ok: false, message: `There is no prompt ${name}.` };
      const asked = await ask(expandPrompt({ name, arguments: values }));
      if (!asked.ok) return { ok: false, message: asked.error.code === 'NotFound' ? `There is no prompt ${name}.` : asked.error.message };
      const { title, description, messages, missing, promptId, source } = asked.data;
      if (missing.length > 0) return { ok: false, message: `The prompt ${name} needs ${missing.join(' and ')}.` };
      if (source !== 'system') await used(promptId);
      return { ok: true, title, description, messages };
    },
    async complete(name, argument, value) {
      if (!PromptName.safeParse(name).success) return undefined;
      const asked = await ask(completePromptArgument({ name, argument, value }));
      return asked.ok ? asked.data : undefined;
    },
  };
}
