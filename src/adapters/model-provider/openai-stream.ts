import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type FinishReason, type ModelChunk, ModelError, type Usage } from './port.ts';
import { Count, usageOf } from './usage.ts';
import { toolInput } from './wire-content.ts';

const Words = z.string().nullish().catch(undefined);
const CallFragment = z.object({
  index: z.number().int().optional().catch(undefined),
  id: Words,
  function: z.object({ name: Words, arguments: Words }).nullish(),
});
type CallFragment = z.infer<typeof CallFragment>;
const Choice = z.object({
  delta: z
    .object({ content: Words, refusal: Words, reasoning_content: Words, reasoning: Words, tool_calls: z.array(CallFragment).nullish() })
    .nullish(),
  finish_reason: Words,
});
const WireUsage = z
  .object({
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_tokens_details: z.object({ cached_tokens: Count }).nullish().catch(undefined),
    completion_tokens_details: z.object({ reasoning_tokens: Count }).nullish().catch(undefined),
  })
  .transform((wire) =>
    usageOf({
      inputTokens: wire.prompt_tokens,
      outputTokens: wire.completion_tokens,
      cachedInputTokens: wire.prompt_tokens_details?.cached_tokens,
      reasoningTokens: wire.completion_tokens_details?.reasoning_tokens,
    }),
  );
/** One chunk of `POST /chat/completions` with `stream: true`, as OpenAI and the servers that follow it send it. */
const Chunk = z.object({
  model: z.string().optional().catch(undefined),
  choices: z.array(Choice).nullish(),
  usage: WireUsage.nullish().catch(undefined),
});

const reasons: Record<string, FinishReason> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
};

interface OpenCall {
  readonly toolCallId: string;
  readonly index: number;
  toolName: string;
  inputText: string;
}

/** The chunks of one answer. An answer that ends without a reason for its end was cut off. */
export async function* openaiChunks(wire: AsyncIterable<unknown>): AsyncGenerator<ModelChunk> {
  const calls: OpenCall[] = [];
  let usage: Usage | undefined;
  let reason: string | undefined;
  let model: string | undefined;
  for await (const value of wire) {
    const parsed = Chunk.safeParse(value);
    if (!parsed.success) throw new ModelError('Unavailable', 'The model server sent a chunk that is not in the form of chat completions.');
    model ??= parsed.data.model;
    usage = parsed.data.usage ?? usage;
    const choice = parsed.data.choices?.[0];
    reason = choice?.finish_reason ?? reason;
    const thought = choice?.delta?.reasoning_content || choice?.delta?.reasoning;
    if (thought) yield { type: 'reasoning', text: thought };
    const text = choice?.delta?.content || choice?.delta?.refusal;
    if (text) yield { type: 'text', text };
    for (const fragment of choice?.delta?.tool_calls ?? []) yield* joined(calls, fragment);
  }
  if (reason)
    for (const { toolCallId, toolName, inputText } of calls)
      yield { type: 'tool-call', toolCallId, toolName, input: toolInput(inputText), inputText };
  if (usage) yield { type: 'usage', usage };
  if (!reason) throw new ModelError('Unavailable', 'The answer of the model ended before it was complete.', { retryable: true });
  const known = reasons[reason] ?? 'other';
  yield { type: 'finish', reason: known === 'stop' && calls.length > 0 ? 'tool-calls' : known, ...(model ? { model } : {}) };
}

/** Some servers number every call 0, some give no number: a new id begins a new call all the same. */
function* joined(calls: OpenCall[], fragment: CallFragment): Generator<ModelChunk> {
  const index = fragment.index ?? (fragment.id ? calls.length : calls.length - 1);
  let call = calls.findLast((open) => open.index === index);
  if (!call || (fragment.id && fragment.id !== call.toolCallId)) {
    call = calls.find((open) => fragment.id && open.toolCallId === fragment.id) ?? begin(calls, index, fragment.id ?? '');
  }
  call.toolName ||= fragment.function?.name ?? '';
  const delta = fragment.function?.arguments ?? '';
  call.inputText += delta;
  yield { type: 'tool-input', toolCallId: call.toolCallId, toolName: call.toolName, delta };
}

function begin(calls: OpenCall[], index: number, id: string): OpenCall {
  const call = { toolCallId: id || `call_${randomUUID()}`, index, toolName: '', inputText: '' };
  calls.push(call);
  return call;
}
