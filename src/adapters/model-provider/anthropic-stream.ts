import { z } from 'zod';
import { type FinishReason, type ModelChunk, ModelError } from './port.ts';
import { Count, sum, usageOf } from './usage.ts';
import { toolInput } from './wire-content.ts';

const WireUsage = z
  .object({
    input_tokens: Count.nullable(),
    cache_creation_input_tokens: Count.nullable(),
    cache_read_input_tokens: Count.nullable(),
    output_tokens: Count.nullable(),
    output_tokens_details: z.object({ thinking_tokens: Count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);
type WireUsage = z.infer<typeof WireUsage>;
const Index = z.number().int();
/** The events of a Messages API stream that mean something to us; others come and go with the years and are passed over. */
const WireEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ model: z.string().optional().catch(undefined), usage: WireUsage }) }),
  z.object({
    type: z.literal('content_block_start'),
    index: Index,
    content_block: z.looseObject({
      type: z.string(),
      id: z.string().optional(),
      name: z.string().optional(),
      text: z.string().optional(),
      thinking: z.string().optional(),
    }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    index: Index,
    delta: z.looseObject({ type: z.string(), text: z.string().optional(), thinking: z.string().optional(), partial_json: z.string().optional() }),
  }),
  z.object({ type: z.literal('content_block_stop'), index: Index }),
  z.object({ type: z.literal('message_delta'), delta: z.object({ stop_reason: z.string().nullish() }), usage: WireUsage }),
  z.object({ type: z.literal('message_stop') }),
]);
const knownTypes = new Set<string>(WireEvent.options.map(({ shape }) => shape.type.value));
const Typed = z.object({ type: z.string() });

const reasons: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
};

/** The chunks of one answer. The figures come in two halves, at the start and at the end, and the later ones win. */
export async function* anthropicChunks(wire: AsyncIterable<unknown>): AsyncGenerator<ModelChunk> {
  const calls = new Map<number, { toolCallId: string; toolName: string; inputText: string }>();
  let figures: NonNullable<WireUsage> = {};
  let reason: string | undefined;
  let model: string | undefined;
  for await (const value of wire) {
    const event = parseEvent(value);
    switch (event?.type) {
      case 'message_start':
        model = event.message.model;
        figures = { ...figures, ...reported(event.message.usage) };
        break;
      case 'content_block_start': {
        const { type, id = '', name = '', text, thinking } = event.content_block;
        if (text) yield { type: 'text', text };
        if (thinking) yield { type: 'reasoning', text: thinking };
        if (type !== 'tool_use') break;
        calls.set(event.index, { toolCallId: id, toolName: name, inputText: '' });
        yield { type: 'tool-input', toolCallId: id, toolName: name, delta: '' };
        break;
      }
      case 'content_block_delta': {
        const { text, thinking, partial_json: delta } = event.delta;
        const call = calls.get(event.index);
        if (text) yield { type: 'text', text };
        if (thinking) yield { type: 'reasoning', text: thinking };
        if (!call || !delta) break;
        call.inputText += delta;
        yield { type: 'tool-input', toolCallId: call.toolCallId, toolName: call.toolName, delta };
        break;
      }
      case 'content_block_stop': {
        const call = calls.get(event.index);
        if (call) yield { type: 'tool-call', ...call, input: toolInput(call.inputText) };
        break;
      }
      case 'message_delta':
        reason = event.delta.stop_reason ?? reason;
        figures = { ...figures, ...reported(event.usage) };
        break;
      case 'message_stop':
      case undefined:
    }
  }
  // The count of the output at the start of an answer says nothing about an answer that was cut off.
  const usage = usageFrom(reason ? figures : { ...figures, output_tokens: undefined });
  if (usage) yield { type: 'usage', usage };
  if (!reason) throw new ModelError('Unavailable', 'The answer of the model ended before it was complete.', { retryable: true });
  yield { type: 'finish', reason: reasons[reason] ?? 'other', ...(model ? { model } : {}) };
}

function parseEvent(value: unknown): z.infer<typeof WireEvent> | undefined {
  const typed = Typed.safeParse(value);
  if (typed.success && !knownTypes.has(typed.data.type)) return undefined;
  const parsed = WireEvent.safeParse(value);
  if (!parsed.success) throw new ModelError('Unavailable', 'The model server sent an event that is not in the form of the Messages API.');
  return parsed.data;
}

const reported = (usage: WireUsage) =>
  Object.fromEntries(Object.entries(usage ?? {}).filter(([, figure]) => figure !== null && figure !== undefined));

function usageFrom(figures: NonNullable<WireUsage>) {
  const read = figures.cache_read_input_tokens ?? undefined;
  return usageOf({
    inputTokens: sum(figures.input_tokens ?? undefined, figures.cache_creation_input_tokens ?? undefined, read),
    outputTokens: figures.output_tokens ?? undefined,
    cachedInputTokens: read,
    reasoningTokens: figures.output_tokens_details?.thinking_tokens,
  });
}
