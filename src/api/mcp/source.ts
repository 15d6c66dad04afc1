import type { PromptArgument, PromptMessage, PromptValues } from '../../domain/prompt/index.ts';

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

/** `arguments`: what is missing or wrong, in one sentence. */
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
