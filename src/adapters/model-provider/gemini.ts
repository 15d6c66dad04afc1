import { LRUCache } from 'lru-cache';
import { refusalsThrown, streamingCall, type WatchedRequest } from './call.ts';
import { geminiContents, geminiTools } from './gemini-messages.ts';
import { geminiChunks } from './gemini-stream.ts';
import type { ModelInfo, ModelProvider } from './port.ts';
import { asModelError } from './provider-error.ts';
import { credentialsOf, type Destination, destinationOf, type ProviderOptions } from './provider-options.ts';
import { createFetch, type Fetch } from './transport.ts';

/** Google's Gemini API. `baseURL` is the host without a version. */
export function createGeminiProvider(options: ProviderOptions = {}): ModelProvider {
  const { name = 'gemini', apiKey, baseURL = 'https://generativelanguage.googleapis.com', fetch = createFetch(), listTimeout = 3_000 } = options;
  const secrets = credentialsOf(apiKey, baseURL);
  const signatures = new LRUCache<string, string>({ max: 10_000 });
  const own: Destination = { apiKey, baseURL, fetch, secrets };
  const client = async (use: Fetch, to = own) => {
    const { GoogleGenAI } = await import('@google/genai');
    const httpOptions = { baseUrl: to.baseURL, fetch: use };
    return new GoogleGenAI({ apiKey: to.apiKey || 'none', vertexai: false, apiVersion: 'v1beta', httpOptions });
  };
  return {
    name,
    async models(access) {
      const to = destinationOf(access, own);
      try {
        const pager = await (await client(refusalsThrown(to.fetch, to.secrets), to)).models.list({
          config: { pageSize: 200, abortSignal: AbortSignal.timeout(listTimeout) },
        });
        return pager.page.flatMap(({ name: path = '', supportedActions = ['generateContent'] }): ModelInfo[] => {
          const id = path.replace(/^models\//, '');
          const chats = id !== '' && supportedActions.includes('generateContent') && !/embed|imagen|tts|image|aqa/.test(id);
          return chats ? [{ id: `${name}/${id}`, provider: name, name: id }] : [];
        });
      } catch (thrown) {
        throw asModelError(thrown);
      }
    },
    stream: (request: WatchedRequest) => {
      const to = destinationOf(request.access, own);
      return streamingCall(to, request, async function* ({ fetch: use, signal }) {
        const { temperature, topP, maxOutputTokens } = request.settings ?? {};
        const functionDeclarations = geminiTools(request.tools);
        const wire = await (await client(use, to)).models.generateContentStream({
          model: request.model,
          contents: geminiContents(request.messages, (toolCallId) => signatures.get(toolCallId)),
          config: {
            abortSignal: signal,
            ...(request.system ? { systemInstruction: request.system } : {}),
            ...(functionDeclarations.length > 0 ? { tools: [{ functionDeclarations }] } : {}),
            ...(temperature === undefined ? {} : { temperature }),
            ...(topP === undefined ? {} : { topP }),
            ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
          },
        });
        yield* geminiChunks(wire, (toolCallId, signature) => signatures.set(toolCallId, signature));
      });
    },
  };
}
