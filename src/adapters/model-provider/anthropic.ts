import { anthropicMessages, anthropicTools } from './anthropic-messages.ts';
import { anthropicChunks } from './anthropic-stream.ts';
import { refusalsThrown, streamingCall, type WatchedRequest } from './call.ts';
import type { ModelInfo, ModelProvider } from './port.ts';
import { asModelError } from './provider-error.ts';
import { credentialsOf, type ProviderOptions } from './provider-options.ts';
import { createFetch, type Fetch } from './transport.ts';

/** The API demands a limit; this is what an answer gets when nobody set one. */
const defaultMaxTokens = 16_384;

/** Anthropic's Messages API. `baseURL` is the host without a version. */
export function createAnthropicProvider(options: ProviderOptions = {}): ModelProvider {
  const { name = 'anthropic', apiKey, baseURL = 'https://api.anthropic.com', fetch = createFetch(), listTimeout = 3_000 } = options;
  const secrets = credentialsOf(apiKey, baseURL);
  const client = async (use: Fetch) => {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    return new Anthropic({ apiKey: apiKey || 'none', baseURL, fetch: use, maxRetries: 0, webhookKey: null, logLevel: 'off' });
  };
  return {
    name,
    async models() {
      try {
        const { data } = await (await client(refusalsThrown(fetch, secrets))).models.list(
          { limit: 100 },
          { signal: AbortSignal.timeout(listTimeout) },
        );
        return data.map(({ id }): ModelInfo => ({ id: `${name}/${id}`, provider: name, name: id }));
      } catch (thrown) {
        throw asModelError(thrown);
      }
    },
    stream: (request: WatchedRequest) =>
      streamingCall({ fetch, secrets, namedEvents: true }, request, async function* ({ fetch: use, signal }) {
        const { temperature, topP, maxOutputTokens = defaultMaxTokens } = request.settings ?? {};
        const tools = anthropicTools(request.tools);
        const wire = await (await client(use)).messages.create(
          {
            model: request.model,
            max_tokens: maxOutputTokens,
            messages: anthropicMessages(request.messages),
            stream: true,
            ...(request.system ? { system: request.system } : {}),
            ...(tools.length > 0 ? { tools } : {}),
            ...(temperature === undefined ? {} : { temperature }),
            ...(topP === undefined ? {} : { top_p: topP }),
          },
          { signal },
        );
        yield* anthropicChunks(wire);
      }),
  };
}
