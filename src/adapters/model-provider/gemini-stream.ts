import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type FinishReason, type ModelChunk, ModelError, type Usage } from './port.ts';
import { Count, sum, usageOf } from './usage.ts';

const WirePart = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  functionCall: z.object({ id: z.string().optional(), name: z.string(), args: z.record(z.string(), z.json()).optional() }).optional(),
});
const WireUsage = z
  .object({
    promptTokenCount: Count,
    toolUsePromptTokenCount: Count,
    candidatesTokenCount: Count,
    thoughtsTokenCount: Count,
    cachedContentTokenCount: Count,
  })
  .transform((wire) =>
    usageOf({
      inputTokens: sum(wire.promptTokenCount, wire.toolUsePromptTokenCount),
      outputTokens: sum(wire.candidatesTokenCount, wire.thoughtsTokenCount),
      cachedInputTokens: wire.cachedContentTokenCount,
      reasoningTokens: wire.thoughtsTokenCount,
    }),
  );
/** One chunk of `:streamGenerateContent`. */
const Chunk = z.object({
  candidates: z
    .array(z.object({ content: z.object({ parts: z.array(WirePart).optional() }).optional(), finishReason: z.string().optional() }))
    .optional(),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: WireUsage.optional().catch(undefined),
  modelVersion: z.string().optional(),
});

const reasons: Record<string, FinishReason> = {
  STOP: 'stop',
  FUNCTION_CALL: 'tool-calls',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
};

/** The chunks of one answer. Every chunk carries the figures so far, the last ones count. `onSignature` hears what has to be sent back with a tool call. */
export async function* geminiChunks(
  wire: AsyncIterable<unknown>,
  onSignature: (toolCallId: string, signature: string) => void,
): AsyncGenerator<ModelChunk> {
  let usage: Usage | undefined;
  let reason: string | undefined;
  let model: string | undefined;
  let called = false;
  for await (const value of wire) {
    const parsed = Chunk.safeParse(value);
    if (!parsed.success) throw new ModelError('Unavailable', 'The model server sent a chunk that is not in the form of Gemini.');
    const { candidates, promptFeedback, usageMetadata, modelVersion } = parsed.data;
    if (promptFeedback?.blockReason) throw new ModelError('ContentPolicy', 'The model provider refused the content by its policy.');
    model ??= modelVersion;
    usage = usageMetadata ?? usage;
    reason = candidates?.[0]?.finishReason ?? reason;
    for (const { text, thought, thoughtSignature, functionCall } of candidates?.[0]?.content?.parts ?? []) {
      if (text) yield { type: thought ? 'reasoning' : 'text', text };
      if (!functionCall) continue;
      called = true;
      const toolCallId = functionCall.id ?? `call_${randomUUID()}`;
      const input = functionCall.args ?? {};
      if (thoughtSignature) onSignature(toolCallId, thoughtSignature);
      const inputText = JSON.stringify(input);
      yield { type: 'tool-input', toolCallId, toolName: functionCall.name, delta: inputText };
      yield { type: 'tool-call', toolCallId, toolName: functionCall.name, input, inputText };
    }
  }
  if (usage) yield { type: 'usage', usage };
  if (!reason) throw new ModelError('Unavailable', 'The answer of the model ended before it was complete.', { retryable: true });
  const known = reasons[reason] ?? 'other';
  yield { type: 'finish', reason: known === 'stop' && called ? 'tool-calls' : known, ...(model ? { model } : {}) };
}
