import { z } from 'zod';
import { FileId } from './ids.ts';

const JsonValue = z.json();

/** Where a tool call stands; the names are those of the AI SDK's UI message parts. */
export const ToolState = z.enum(['input-available', 'approval-requested', 'approval-responded', 'output-available', 'output-error', 'output-denied']);

export const ToolPart = z.object({
  type: z.literal('tool'),
  toolCallId: z.string().min(1).max(255),
  toolName: z.string().min(1).max(255),
  state: ToolState,
  input: JsonValue.optional(),
  output: JsonValue.optional(),
  errorText: z.string().optional(),
  approval: z.object({ id: z.string(), approved: z.boolean().optional(), reason: z.string().optional() }).optional(),
  /** True for tools the server runs; false for tools of the page (frontend tools). */
  dynamic: z.boolean().default(true),
  providerMetadata: z.record(z.string(), JsonValue).optional(),
});

/**
 * One part of a message, in our own form, from which every dialect's form is made. A part that we do not know is kept word for word in `raw`,
 * with the format it came in.
 */
export const Part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('reasoning'), text: z.string() }),
  /** A file of ours by id, or a foreign one by url. */
  z.object({
    type: z.literal('file'),
    mediaType: z.string(),
    filename: z.string().optional(),
    fileId: FileId.optional(),
    url: z.string().optional(),
  }),
  z.object({
    type: z.literal('source-url'),
    sourceId: z.string(),
    url: z.string(),
    title: z.string().optional(),
    providerMetadata: z.record(z.string(), JsonValue).optional(),
  }),
  z.object({
    type: z.literal('source-document'),
    sourceId: z.string(),
    mediaType: z.string(),
    title: z.string(),
    filename: z.string().optional(),
    providerMetadata: z.record(z.string(), JsonValue).optional(),
  }),
  z.object({ type: z.literal('data'), name: z.string(), id: z.string().optional(), data: JsonValue }),
  ToolPart,
  z.object({ type: z.literal('raw'), format: z.string(), value: JsonValue }),
]);
export type Part = z.infer<typeof Part>;
export type ToolPart = z.infer<typeof ToolPart>;

export const Role = z.enum(['system', 'user', 'assistant']);

export const Usage = z.object({
  inputTokens: z.number().int().nonnegative().optional(),
  outputTokens: z.number().int().nonnegative().optional(),
  cachedInputTokens: z.number().int().nonnegative().optional(),
  reasoningTokens: z.number().int().nonnegative().optional(),
  estimated: z.boolean().optional(),
});
export type Usage = z.infer<typeof Usage>;

export const FinishReason = z.enum(['stop', 'length', 'content-filter', 'tool-calls', 'error', 'other']);
export type FinishReason = z.infer<typeof FinishReason>;

/** How a run ended. */
export const Outcome = z.enum(['completed', 'failed', 'cancelled', 'interrupted', 'expired']);
export type Outcome = z.infer<typeof Outcome>;

/**
 * What a run streams, in order. Text and reasoning come as deltas with the id of the part they belong to; everything else whole. `waiting` ends a
 * segment (an approval is open), `finish` the run.
 */
export type RunItem =
  | { readonly type: 'start'; readonly runId: string; readonly messageId: string; readonly model: string }
  | { readonly type: 'step-start'; readonly step: number }
  | { readonly type: 'text'; readonly id: string; readonly delta: string }
  | { readonly type: 'reasoning'; readonly id: string; readonly delta: string }
  | { readonly type: 'tool-input'; readonly toolCallId: string; readonly toolName: string; readonly delta: string }
  | { readonly type: 'tool'; readonly part: ToolPart }
  /** How far a tool says it has come; only while it runs. */
  | { readonly type: 'tool-progress'; readonly toolCallId: string; readonly progress: number; readonly total?: number; readonly message?: string }
  | { readonly type: 'step-finish'; readonly usage?: Usage }
  | { readonly type: 'waiting' }
  | {
      readonly type: 'finish';
      readonly outcome: Outcome;
      readonly finishReason: FinishReason;
      readonly usage?: Usage;
      readonly error?: { readonly code: string; readonly message: string };
    };
