import { createAnthropicProvider } from './anthropic.ts';
import { createDemoProvider } from './demo.ts';
import { createGeminiProvider } from './gemini.ts';
import { createOpenaiProvider } from './openai.ts';
import { ModelError, type ModelProvider } from './port.ts';
import { createFetch, type Fetch } from './transport.ts';

export interface ProviderSettings {
  readonly ANNALS_MODEL?: string | undefined;
  readonly OPENAI_API_KEY?: string | undefined;
  readonly OPENAI_BASE_URL?: string | undefined;
  readonly OPENAI_DEFAULT_MODEL?: string | undefined;
  readonly ANTHROPIC_API_KEY?: string | undefined;
  readonly ANTHROPIC_BASE_URL?: string | undefined;
  readonly GEMINI_API_KEY?: string | undefined;
  readonly GEMINI_BASE_URL?: string | undefined;
}

export interface LocalServer {
  readonly name: string;
  readonly baseURL: string;
}

/** Where model servers on a person's own machine usually listen. */
export const usualLocalServers: readonly LocalServer[] = [
  { name: 'ollama', baseURL: 'http://127.0.0.1:11434/v1' },
  { name: 'lmstudio', baseURL: 'http://127.0.0.1:1234/v1' },
  { name: 'llamacpp', baseURL: 'http://127.0.0.1:8080/v1' },
];

export interface Discovered {
  readonly providers: readonly ModelProvider[];
  /** Those for which the settings give no key. */
  readonly byKey: readonly ModelProvider[];
  /** One of any other name, for whoever gives its address: it has none of its own. */
  readonly compatible: (name: string) => ModelProvider;
  /** A `provider/model`. Asks the server of `OPENAI_BASE_URL` when only it can know, and throws `ModelError` when that server does not answer. */
  readonly defaultModel: () => Promise<string>;
  /** What a person should be told at the start. */
  readonly warnings: readonly string[];
}

export interface DiscoverOptions {
  readonly fetch?: Fetch;
  /** Milliseconds. */
  readonly connectTimeout?: number;
  readonly localServers?: readonly LocalServer[];
}

/**
 * The providers that the settings give, the demo always among them. Nothing is waited for: local servers are asked in the background, and again whenever
 * the models are listed, so that one started later is found too.
 */
export async function discoverProviders(settings: ProviderSettings, options: DiscoverOptions = {}): Promise<Discovered> {
  const fetch = options.fetch ?? createFetch({ ...(options.connectTimeout === undefined ? {} : { connectTimeout: options.connectTimeout }) });
  const openai =
    settings.OPENAI_API_KEY || settings.OPENAI_BASE_URL
      ? createOpenaiProvider({ fetch, ...at(settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL) })
      : undefined;
  const anthropic = settings.ANTHROPIC_API_KEY
    ? createAnthropicProvider({ fetch, ...at(settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL) })
    : undefined;
  const gemini = settings.GEMINI_API_KEY ? createGeminiProvider({ fetch, ...at(settings.GEMINI_API_KEY, settings.GEMINI_BASE_URL) }) : undefined;
  const local = (options.localServers ?? usualLocalServers).map((server) =>
    createOpenaiProvider({ fetch, ...server, local: true, listTimeout: 500 }),
  );
  for (const server of local) server.models().catch(() => {});
  const providers = [openai, anthropic, gemini, ...local, createDemoProvider()].filter((provider) => provider !== undefined);

  const defaultModel = async () => {
    if (settings.ANNALS_MODEL) return settings.ANNALS_MODEL;
    if (openai) return await openaiDefault(openai, settings);
    if (anthropic) return 'anthropic/claude-sonnet-5-5';
    return gemini ? 'gemini/gemini-3.8-flash' : 'demo/demo';
  };
  const byKey = [
    ...(openai ? [] : [createOpenaiProvider({ fetch })]),
    ...(anthropic ? [] : [createAnthropicProvider({ fetch, ...at(undefined, settings.ANTHROPIC_BASE_URL) })]),
    ...(gemini ? [] : [createGeminiProvider({ fetch, ...at(undefined, settings.GEMINI_BASE_URL) })]),
  ];
  const compatible = (name: string) => createOpenaiProvider({ fetch, name });
  return { providers, byKey, compatible, defaultModel, warnings: warningsAbout(settings, providers) };
}

function at(apiKey: string | undefined, baseURL: string | undefined) {
  return { ...(apiKey ? { apiKey } : {}), ...(baseURL ? { baseURL } : {}) };
}

async function openaiDefault(openai: ModelProvider, settings: ProviderSettings): Promise<string> {
  if (settings.OPENAI_DEFAULT_MODEL) return `openai/${settings.OPENAI_DEFAULT_MODEL}`;
  if (!settings.OPENAI_BASE_URL) return 'openai/gpt-5.5';
  const [first] = await openai.models();
  if (first) return first.id;
  throw new ModelError('NotFound', 'The server at OPENAI_BASE_URL lists no model: set OPENAI_DEFAULT_MODEL to the one to use.');
}

function warningsAbout({ ANNALS_MODEL: wanted }: ProviderSettings, providers: readonly ModelProvider[]): string[] {
  if (!wanted || providers.some(({ name }) => wanted.startsWith(`${name}/`) && wanted.length > name.length + 1)) return [];
  const names = providers.map(({ name }) => `${name}/…`).join(', ');
  return [`ANNALS_MODEL is "${wanted}", which belongs to no provider that is configured: use one of ${names}, or set the key of its provider.`];
}
