import { z } from 'zod';
import { JsonObject } from './json.ts';
import { FeedbackType, ScoreDataType } from './thread-json.ts';

// The requests of assistant-cloud. Unknown fields are ignored, since clients run ahead of what is published.

const Id = z.string().min(1).max(255);
const OptionalId = Id.nullish();
/** Apps may store messages in formats of their own. */
const Format = z.string().min(1).max(64);
const Title = z.string().max(255);
const Text = z.string().max(50_000);
const Count = z.number().nonnegative();

/** Any form of time that Date reads, as Date#toISOString writes it. */
const Time = z.union([z.string(), z.number()]).transform((value, context) => {
  const time = new Date(value);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  context.addIssue({ code: 'custom', message: 'must be a time in ISO 8601' });
  return z.NEVER;
});

const isSmall = (metadata: JsonObject) =>
  Object.keys(metadata).length <= 16 && Object.values(metadata).every((value) => JSON.stringify(value).length <= 512);

const Metadata = JsonObject.refine(isSmall, 'must have at most 16 keys, each with a value of at most 512 characters as JSON');

const Limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const Flag = z.enum(['true', 'false']).transform((flag) => flag === 'true');

export const ThreadListQuery = z.object({ is_archived: Flag.optional(), limit: Limit(100, 20), after: Id.optional(), external_id: Id.optional() });

export const ThreadCreateRequest = z.object({
  last_message_at: Time.optional(),
  title: Title.nullish(),
  metadata: Metadata.nullish(),
  external_id: OptionalId,
  upsert: z.boolean().nullish(),
});

export const ThreadUpdateRequest = z.object({
  title: Title.nullish(),
  last_message_at: Time.optional(),
  /** null empties it, absent leaves it. */
  metadata: Metadata.nullish(),
  is_archived: z.boolean().optional(),
});

export const ThreadsClaimRequest = z.object({ refresh_token: z.string().min(1).max(4096) });

export const MessageListQuery = z.object({ format: Format.optional(), limit: Limit(200, 200), after: Id.optional() });

/** How long content may be is decided by the size of the body. */
export const MessageCreateRequest = z.object({
  parent_id: Id.nullable().default(null),
  format: Format,
  content: z.record(z.string(), z.unknown()),
  external_id: OptionalId,
  parent_external_id: OptionalId,
});

export const MessageUpdateRequest = MessageCreateRequest.pick({ content: true });
export const MessagesDeleteRequest = z.object({ message_ids: z.array(Id).min(1).max(200) });
export const FeedbackRequest = z.object({ type: FeedbackType, comment: Text.nullish() });

export const TitleStreamRequest = z.object({
  thread_id: Id,
  assistant_id: z.literal('system/thread_title'),
  messages: z.array(z.unknown()).max(10_000).default([]),
});

const ToolCallReport = z.object({
  tool_name: z.string().max(255),
  tool_call_id: z.string().max(255),
  tool_args: Text.optional(),
  tool_result: Text.optional(),
  tool_source: z.enum(['mcp', 'frontend', 'backend']).optional(),
  start_ms: Count.optional(),
  end_ms: Count.optional(),
  sampling_calls: z.array(z.unknown()).optional(),
});

const TokenCounts = z.object({
  input_tokens: Count.optional(),
  output_tokens: Count.optional(),
  reasoning_tokens: Count.optional(),
  cached_input_tokens: Count.optional(),
});

const StepReport = TokenCounts.extend({
  tool_calls: z.array(ToolCallReport).optional(),
  start_ms: Count.optional(),
  end_ms: Count.optional(),
  finish_reason: z.string().max(255).optional(),
});

export const RunReportRequest = TokenCounts.extend({
  thread_id: Id,
  status: z.enum(['completed', 'incomplete', 'error']),
  outcome_type: z.enum(['aborted', 'disconnected', 'length', 'content_filter']).optional(),
  message_id: Id.optional(),
  total_steps: z.int().nonnegative().optional(),
  tool_calls: z.array(ToolCallReport).optional(),
  steps: z.array(StepReport).optional(),
  model_id: z.string().max(255).optional(),
  provider: z.string().max(255).optional(),
  provider_type: z.string().max(255).optional(),
  duration_ms: Count.optional(),
  first_token_ms: Count.optional(),
  output_text: Text.optional(),
  metadata: JsonObject.optional(),
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits')
    .optional(),
  error: Text.optional(),
  error_code: z.string().max(255).optional(),
  environment: z.string().max(255).optional(),
  release: z.string().max(255).optional(),
  tags: z.array(z.string().max(255)).max(100).optional(),
});

const ClientEvent = z.object({
  /** One of the client's kinds (`message_sent`, `run_stopped`, …); newer clients have newer ones. */
  kind: z.string().min(1).max(64),
  thread_id: Id.optional(),
  message_id: Id.optional(),
  run_id: Id.optional(),
  value: z.number().optional(),
  props: JsonObject.optional(),
});
export const EventsRequest = z.object({ events: z.array(ClientEvent).max(50) });

export const ScoreRequest = z.object({
  name: z.string().min(1).max(255),
  data_type: ScoreDataType,
  value: z.union([z.number(), z.boolean()]).optional(),
  string_value: Text.optional(),
  comment: Text.optional(),
  thread_id: Id.optional(),
  message_id: Id.optional(),
  run_id: Id.optional(),
});

export const PresignedUploadRequest = z.object({
  filename: z.string().min(1).max(255),
  content_type: z.string().max(255).optional(),
  /** In bytes; upstream takes 25 MiB. */
  content_length: z
    .int()
    .nonnegative()
    .max(25 * 1024 * 1024)
    .optional(),
});
export const PresignedDownloadRequest = z.union([z.object({ key: z.string().min(1).max(2048) }), z.object({ url: z.string().min(1).max(4096) })]);
export const PdfImagesRequest = z.object({ file_blob: z.string().optional(), file_url: z.string().max(4096).optional() });
