import { z } from 'zod';
import { Expansion } from '../../domain/conversation/index.ts';
import { FinishReason, Outcome, Part, Role, ToolPart, Usage } from '../../domain/message.ts';
import { ShareLevel } from '../../domain/share.ts';

// What the native API answers, for the document. The values come from queries, whose types say the same.

const Time = z.string().meta({ format: 'date-time' });
const Meta = z.record(z.string(), z.json()).nullable();
const RunStatus = z.enum(['requested', 'streaming', 'waiting', ...Outcome.options]);
const next = { next: z.string().optional().describe('The cursor of the next page; absent on the last one.') };
const revision = z.string().describe('Of the stream; the first part of the ETag.');

const conversation = {
  id: z.string(),
  state: z.enum(['active', 'archived', 'trashed']),
  title: z.string().nullable(),
  metadata: Meta,
  externalId: z.string().nullable(),
  createdAt: Time,
  updatedAt: Time,
  lastMessageAt: Time,
  trashedAt: Time.nullable(),
  owner: z.string(),
  access: z.enum(['owner', ...ShareLevel.options]).describe('What the reader may do with it.'),
  leaf: z.string().nullable().describe('The end of the branch that is shown.'),
  activeRun: z.string().nullable().describe('The run whose answer is still being written.'),
};
export const Conversation = z.object({ ...conversation, revision });
export const ConversationPage = z.object({ conversations: z.array(z.object(conversation)), ...next });

const message = z.object({
  id: z.string(),
  conversationId: z.string(),
  role: Role,
  parentId: z.string().nullable(),
  height: z.int(),
  status: z.enum(['sent', ...RunStatus.options]),
  parts: z.array(Part),
  metadata: Meta,
  prompt: Expansion.nullable().describe('The prompt that it called by its name, and what the model was told in its place.'),
  runId: z.string().nullable(),
  model: z.string().nullable(),
  usage: Usage.nullable(),
  finishReason: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  feedback: z.object({ rating: z.enum(['positive', 'negative']), comment: z.string().nullable() }).nullable(),
  createdAt: Time,
  updatedAt: Time,
  branch: z.object({ shown: z.boolean(), siblings: z.array(z.string()) }),
});
export const Message = message.extend({ revision });
export const MessagePage = z.object({ messages: z.array(message), revision, ...next });
export const Sent = z.object({
  messageId: z.string().optional(),
  parentId: z.string().nullish(),
  runId: z.string().optional(),
  replyId: z.string().optional(),
});

const run = z.object({
  id: z.string(),
  conversationId: z.string(),
  messageId: z.string(),
  open: z.boolean(),
  status: RunStatus,
  model: z.string().nullable(),
  calls: z.int(),
  usage: Usage.nullable(),
  requestedAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
});
export const Run = run.extend({ revision });
export const RunPage = z.object({ runs: z.array(run), ...next });

/** What a run's stream sends, one item in each `data:`. */
export const RunItemSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), runId: z.string(), messageId: z.string(), model: z.string() }),
  z.object({ type: z.literal('step-start'), step: z.int() }),
  z.object({ type: z.literal('text'), id: z.string(), delta: z.string() }),
  z.object({ type: z.literal('reasoning'), id: z.string(), delta: z.string() }),
  z.object({ type: z.literal('tool-input'), toolCallId: z.string(), toolName: z.string(), delta: z.string() }),
  z.object({ type: z.literal('tool'), part: ToolPart }),
  z.object({
    type: z.literal('tool-progress'),
    toolCallId: z.string(),
    progress: z.number(),
    total: z.number().optional(),
    message: z.string().optional(),
  }),
  z.object({ type: z.literal('step-finish'), usage: Usage.optional() }),
  z.object({ type: z.literal('waiting') }),
  z.object({
    type: z.literal('finish'),
    outcome: Outcome,
    finishReason: FinishReason,
    usage: Usage.optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
]);

export const File = z.object({
  id: z.string(),
  status: z.enum(['reserved', 'uploaded']),
  filename: z.string(),
  mediaType: z.string().nullable(),
  size: z.int().nullable(),
  createdAt: Time,
});
export const FilePage = z.object({ files: z.array(File), ...next });

const event = {
  id: z.string(),
  type: z.string(),
  stream: z.string(),
  revision: z.string(),
  time: Time,
  actor: z.string(),
  data: z.record(z.string(), z.json()),
};
export const FeedEvent = z.object(event);
export const EventPage = z.object({
  events: z.array(
    z.object({
      ...event,
      version: z.int(),
      position: z.string(),
      commandId: z.string(),
      correlationId: z.string(),
      causationId: z.string(),
      leaf: z.string(),
    }),
  ),
  ...next,
});

export const ViewList = z.object({
  views: z.array(
    z.object({
      view: z.string(),
      version: z.int(),
      state: z.enum(['catching-up', 'live', 'halted']),
      position: z.string(),
      lagMs: z.number(),
      reason: z.string().optional(),
    }),
  ),
});
export const ParkedPage = z.object({
  parked: z.array(
    z.object({
      eventId: z.string(),
      reaction: z.string(),
      eventType: z.string(),
      stream: z.string(),
      attempts: z.int(),
      reason: z.string(),
      at: Time,
    }),
  ),
  ...next,
});
export const Done = z.object({});
