import { createAnthropicProvider } from '../../../src/adapters/model-provider/anthropic.ts';
import { createGeminiProvider } from '../../../src/adapters/model-provider/gemini.ts';
import { createOpenaiProvider } from '../../../src/adapters/model-provider/openai.ts';
import type { ModelProvider, Usage } from '../../../src/adapters/model-provider/port.ts';

export interface WireCall {
  readonly id: string;
  readonly name: string;
  /** The input as JSON, in the pieces in which it is sent where the wire knows pieces. */
  readonly pieces: readonly string[];
}

/** One provider's wire format, so far as the tests speak it: frames of a streamed answer, and the form of an error. */
export interface Wire {
  readonly name: string;
  readonly create: (url: string, apiKey?: string) => ModelProvider;
  readonly begin: (usage?: Usage) => readonly string[];
  readonly text: (text: string) => string;
  readonly reasoning: (text: string) => string;
  readonly calls: (calls: readonly WireCall[]) => readonly string[];
  readonly end: (reason: 'stop' | 'tool-calls' | 'length', usage?: Usage) => readonly string[];
  /** An error, as the body of a refusal or within an answer that began as a success. */
  readonly error: (status: number, message: string) => string;
}

const frame = (data: unknown, event?: string) => `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const known = (fields: Record<string, unknown>) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const openaiChunk = (delta: object, finish: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'model-1',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
export const openaiWire: Wire = {
  name: 'openai',
  create: (url, apiKey) => createOpenaiProvider({ baseURL: `${url}/v1`, ...(apiKey ? { apiKey } : {}) }),
  begin: () => [frame(openaiChunk({ role: 'assistant', content: '' }))],
  text: (content) => frame(openaiChunk({ content })),
  reasoning: (text) => frame(openaiChunk({ reasoning_content: text })),
  calls: (calls) =>
    calls.flatMap(({ id, name, pieces }, index) => [
      frame(openaiChunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })),
      ...pieces.map((piece) => frame(openaiChunk({ tool_calls: [{ index, function: { arguments: piece } }] }))),
    ]),
  end: (reason, usage) => [
    frame(openaiChunk({}, { stop: 'stop', 'tool-calls': 'tool_calls', length: 'length' }[reason])),
    ...(usage
      ? [
          frame({
            id: 'c',
            choices: [],
            usage: known({
              prompt_tokens: usage.inputTokens,
              completion_tokens: usage.outputTokens,
              prompt_tokens_details: usage.cachedInputTokens === undefined ? undefined : { cached_tokens: usage.cachedInputTokens },
              completion_tokens_details: usage.reasoningTokens === undefined ? undefined : { reasoning_tokens: usage.reasoningTokens },
            }),
          }),
        ]
      : []),
    'data: [DONE]\n\n',
  ],
  error: (status, message) => JSON.stringify({ error: { message, type: status === 429 ? 'rate_limit_exceeded' : 'server_error', code: null } }),
};

let block = 0;
const anthropicBlock = (start: object, deltas: readonly object[]) => {
  block += 1;
  const index = block;
  return [
    frame({ type: 'content_block_start', index, content_block: start }, 'content_block_start'),
    ...deltas.map((delta) => frame({ type: 'content_block_delta', index, delta }, 'content_block_delta')),
    frame({ type: 'content_block_stop', index }, 'content_block_stop'),
  ];
};
export const anthropicWire: Wire = {
  name: 'anthropic',
  create: (url, apiKey) => createAnthropicProvider({ baseURL: url, ...(apiKey ? { apiKey } : {}) }),
  begin: (usage) => [
    frame(
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'model-1',
          content: [],
          ...(usage
            ? {
                usage: known({
                  input_tokens: usage.inputTokens === undefined ? undefined : usage.inputTokens - (usage.cachedInputTokens ?? 0),
                  cache_read_input_tokens: usage.cachedInputTokens,
                  output_tokens: 1,
                }),
              }
            : {}),
        },
      },
      'message_start',
    ),
    frame({ type: 'ping' }, 'ping'),
  ],
  text: (text) => anthropicBlock({ type: 'text', text: '' }, [{ type: 'text_delta', text }]).join(''),
  reasoning: (thinking) => anthropicBlock({ type: 'thinking', thinking: '', signature: '' }, [{ type: 'thinking_delta', thinking }]).join(''),
  calls: (calls) =>
    calls.flatMap(({ id, name, pieces }) =>
      anthropicBlock(
        { type: 'tool_use', id, name, input: {} },
        pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ),
    ),
  end: (reason, usage) => [
    frame(
      {
        type: 'message_delta',
        delta: { stop_reason: { stop: 'end_turn', 'tool-calls': 'tool_use', length: 'max_tokens' }[reason] },
        ...(usage
          ? {
              usage: known({
                output_tokens: usage.outputTokens,
                output_tokens_details: usage.reasoningTokens === undefined ? undefined : { thinking_tokens: usage.reasoningTokens },
              }),
            }
          : {}),
      },
      'message_delta',
    ),
    frame({ type: 'message_stop' }, 'message_stop'),
  ],
  error: (status, message) => JSON.stringify({ type: 'error', error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message } }),
};

const geminiChunk = (parts: readonly object[], finishReason?: string) => ({
  candidates: [{ content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}) }],
  modelVersion: 'model-1',
});
export const geminiWire: Wire = {
  name: 'gemini',
  create: (url, apiKey) => createGeminiProvider({ baseURL: url, ...(apiKey ? { apiKey } : {}) }),
  begin: () => [],
  text: (text) => frame(geminiChunk([{ text }])),
  reasoning: (text) => frame(geminiChunk([{ text, thought: true }])),
  calls: (calls) => calls.map(({ id, name, pieces }) => frame(geminiChunk([{ functionCall: { id, name, args: JSON.parse(pieces.join('')) } }]))),
  end: (reason, usage) => [
    frame({
      ...geminiChunk([], reason === 'length' ? 'MAX_TOKENS' : 'STOP'),
      ...(usage
        ? {
            usageMetadata: known({
              promptTokenCount: usage.inputTokens,
              candidatesTokenCount: usage.outputTokens === undefined ? undefined : usage.outputTokens - (usage.reasoningTokens ?? 0),
              thoughtsTokenCount: usage.reasoningTokens,
              cachedContentTokenCount: usage.cachedInputTokens,
            }),
          }
        : {}),
    }),
  ],
  error: (status, message) => JSON.stringify({ error: { code: status, message, status: 'UNAVAILABLE' } }),
};

export const wires: readonly Wire[] = [openaiWire, anthropicWire, geminiWire];
