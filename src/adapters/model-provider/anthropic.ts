import { anthropicMessages, anthropicTools } from './anthropic-messages.ts';
import { anthropicChunks } from './anthropic-stream.ts';
import { refusalsThrown, streamingCall, type WatchedRequest } from './call.ts';
import type { ModelInfo, ModelProvider } from './port.ts';
import { asModelError } from './provider-error.ts';
import { credentialsOf, type Destination, destinationOf, type ProviderOptions } from './provider-options.ts';
import { createFetch, type Fetch } from './transport.ts';

/** The API demands a limit; this is what an answer gets when nobody set one. */
const defaultMaxTokens = 16_384;

/** Anthropic's Messages API. `baseURL` is the host without a version. */
export function createAnthropicProvider(options: ProviderOptions = {}): ModelProvider {
  const { name = 'anthropic', apiKey, baseURL = 'https://api.anthropic.com', fetch = createFetch(), listTimeout = 3_000 } = options;
  const secrets = credentialsOf(apiKey, baseURL);
  const own: Destination = { apiKey, baseURL, fetch, secrets };
  const client = async (use: Fetch, to = own) => {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    return new Anthropic({ apiKey: to.apiKey || 'none', baseURL: to.baseURL, fetch: use, maxRetries: 0, webhookKey: null, logLevel: 'off' });
  };
  return {
    name,
    async models(access) {
      const to = destinationOf(access, own);
      try {
        const { data } = await (await client(refusalsThrown(to.fetch, to.secrets), to)).models.list(
          { limit: 100 },
          { signal: AbortSignal.timeout(listTimeout) },
        );
        return data.map(({ id }): ModelInfo => ({ id: `${name}/${id}`, provider: name, name: id }));
      } catch (thrown) {
        throw asModelError(thrown);
      }
    },
    stream: (request: WatchedRequest) => {
      const to = destinationOf(request.access, own);
      return streamingCall({ ...to, namedEvents: true }, request, async function* ({ fetch: use, signal }) {
        const { temperature, topP, maxOutputTokens = defaultMaxTokens } = request.settings ?? {};
        const tools = anthropicTools(request.tools);
        const wire = await (await client(use, to)).messages.create(
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
      });
    },
  };
}
