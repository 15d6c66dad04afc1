import { type PromptArgument, type PromptMessage, PromptName, type PromptValues } from '../domain/prompt/index.ts';
import { completePromptArgument, expandPrompt, listPrompts } from './queries/prompts.ts';
import type { Asked, QueryValue } from './query.ts';

/** A prompt as a list of them shows it. */
export interface ListedPrompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
}

export interface PromptPage {
  readonly prompts: readonly ListedPrompt[];
  readonly next?: string | undefined;
}

/** Or what is missing or wrong, in one sentence. */
export type GotPrompt =
  | { readonly ok: true; readonly title: string; readonly description: string; readonly messages: readonly PromptMessage[] }
  | { readonly ok: false; readonly message: string };

/** Where the prompts of one person come from: the kernel of this process, or a running server. */
export interface PromptSource {
  /** Undefined where the cursor is none of ours. */
  list(options: {
    readonly cursor?: string | undefined;
    readonly search?: string | undefined;
    readonly limit: number;
  }): Promise<PromptPage | undefined>;
  get(name: string, values: PromptValues): Promise<GotPrompt>;
  /** Undefined where there is no such prompt. */
  complete(name: string, argument: string, value: string): Promise<{ readonly values: readonly string[]; readonly total: number } | undefined>;
}

type AskAs = <Data>(query: QueryValue<Data>) => Promise<Asked<Data>>;

/** The prompts of whoever asks. `used` hears of each that was got and is somebody's. */
export function promptsAskedBy(ask: AskAs, used: (promptId: string) => Promise<void>): PromptSource {
  const none = (name: string): string => `There is no prompt ${name}.`;
  return {
    async list({ cursor, search, limit }) {
      const asked = await ask(listPrompts({ state: 'active', usable: 'true', limit, cursor, search }));
      if (asked.ok) return asked.data;
      if (asked.error.code === 'InvalidInput') return undefined;
      throw new Error(asked.error.message);
    },
    async get(name, values) {
      if (!PromptName.safeParse(name).success) return { ok: false, message: none(name) };
      const asked = await ask(expandPrompt({ name, arguments: values }));
      if (!asked.ok) return { ok: false, message: asked.error.code === 'NotFound' ? none(name) : asked.error.message };
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
