import { refusalsThrown, streamingCall, type WatchedRequest } from './call.ts';
import { openaiMessages, openaiTools } from './openai-messages.ts';
import { openaiChunks } from './openai-stream.ts';
import type { ModelInfo, ModelProvider } from './port.ts';
import { asModelError } from './provider-error.ts';
import { credentialsOf, type Destination, destinationOf, type ProviderOptions } from './provider-options.ts';
import { createFetch, type Fetch } from './transport.ts';

const officialAddress = 'https://api.openai.com/v1';
const notForChat = /embed|whisper|tts|rerank|moderation/i;
const chatOfOpenai = /^(gpt-|chatgpt-|o\d)/;
const notTextOfOpenai = /audio|realtime|image|transcribe|search|instruct|codex/;

/** OpenAI, and every server that speaks its chat completions. `baseURL` ends in the version (`…/v1`); a key is needed only where the server wants one. */
export function createOpenaiProvider(options: ProviderOptions & { readonly local?: boolean } = {}): ModelProvider {
  const { name = 'openai', apiKey, baseURL = officialAddress, fetch = createFetch(), listTimeout = 3_000, local } = options;
  const isOfficial = (address: string): boolean => address.startsWith(officialAddress);
  const secrets = credentialsOf(apiKey, baseURL);
  const own: Destination = { apiKey, baseURL, fetch, secrets };
  const client = async (use: Fetch, to = own) => {
    const { default: OpenAI } = await import('openai');
    // The nulls keep the environment's OpenAI account from other servers.
    return new OpenAI({
      apiKey: to.apiKey || 'none',
      baseURL: to.baseURL,
      fetch: use,
      maxRetries: 0,
      organization: null,
      project: null,
      adminAPIKey: null,
      webhookSecret: null,
      logLevel: 'off',
    });
  };
  return {
    name,
    async models(access) {
      const to = destinationOf(access, own);
      const official = isOfficial(to.baseURL);
      try {
        const { data } = await (await client(refusalsThrown(to.fetch, to.secrets), to)).models.list({ signal: AbortSignal.timeout(listTimeout) });
        const ids = data
          .map(({ id }) => id)
          .filter((id) => !notForChat.test(id) && (!official || (chatOfOpenai.test(id) && !notTextOfOpenai.test(id))));
        return ids.map((id): ModelInfo => ({ id: `${name}/${id}`, provider: name, name: id, ...(local ? { local } : {}) }));
      } catch (thrown) {
        throw asModelError(thrown);
      }
    },
    stream: (request: WatchedRequest) => {
      const to = destinationOf(request.access, own);
      return streamingCall(to, request, async function* ({ fetch: use, signal }) {
        const { temperature, topP, maxOutputTokens } = request.settings ?? {};
        const tools = openaiTools(request.tools);
        const wire = await (await client(use, to)).chat.completions.create(
          {
            model: request.model,
            messages: openaiMessages(request),
            stream: true,
            stream_options: { include_usage: true },
            ...(tools.length > 0 ? { tools } : {}),
            ...(temperature === undefined ? {} : { temperature }),
            ...(topP === undefined ? {} : { top_p: topP }),
            ...(maxOutputTokens === undefined
              ? {}
              : isOfficial(to.baseURL)
                ? { max_completion_tokens: maxOutputTokens }
                : { max_tokens: maxOutputTokens }),
          },
          { signal },
        );
        yield* openaiChunks(wire);
      });
    },
  };
}
