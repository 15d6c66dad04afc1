import { z } from 'zod';
import { IsoTime } from '../../../domain/ids.ts';
import { JsonObject } from './json.ts';

// What assistant-cloud's decoders insist on: every key present, and times exactly as Date#toISOString writes them.

export const ThreadJson = z.object({
  id: z.string(),
  project_id: z.string(),
  workspace_id: z.string(),
  external_id: z.string().nullable(),
  title: z.string().nullable(),
  metadata: z.json(),
  is_archived: z.boolean(),
  created_at: IsoTime,
  updated_at: IsoTime,
  last_message_at: IsoTime,
});
export type ThreadJson = z.infer<typeof ThreadJson>;

export const MessageJson = z.object({
  id: z.string(),
  parent_id: z.string().nullable(),
  /** How many messages stand above it. */
  height: z.int().nonnegative(),
  format: z.string(),
  content: JsonObject,
  created_at: IsoTime,
  updated_at: IsoTime,
});
export type MessageJson = z.infer<typeof MessageJson>;

export const ThreadListResponse = z.object({ threads: z.array(ThreadJson) });
export const ThreadResponse = z.object({ thread: ThreadJson });
export const ThreadCreatedResponse = z.object({ thread_id: z.string() });
export const ThreadsClaimedResponse = z.object({ moved: z.int().nonnegative() });
/** Newest first. */
export const MessageListResponse = z.object({ messages: z.array(MessageJson) });
export const MessageCreatedResponse = z.object({ message_id: z.string() });
export const EmptyResponse = z.strictObject({});

export const FeedbackType = z.enum(['positive', 'negative']);
export const FeedbackResponse = z.object({ feedback_id: z.string(), type: FeedbackType, comment: z.string().nullable().optional() });

export const RunReportedResponse = z.object({ run_id: z.string() });
export const EventsAcceptedResponse = z.object({ accepted: z.int().nonnegative() });

export const ScoreDataType = z.enum(['numeric', 'categorical', 'boolean']);
export const ScoreResponse = z.object({
  score_id: z.string(),
  name: z.string(),
  data_type: ScoreDataType,
  value: z.number().nullable(),
  string_value: z.string().nullable(),
});

export const PresignedUploadResponse = z.object({
  success: z.boolean(),
  signedUrl: z.string(),
  expiresAt: z.string(),
  publicUrl: z.string(),
  key: z.string().optional(),
});
export const PresignedDownloadResponse = z.object({ signedUrl: z.string(), expiresAt: z.string(), key: z.string() });
export const PdfImagesResponse = z.object({ success: z.boolean(), urls: z.array(z.string()), message: z.string() });

/** `error` is the code for programs, `message` the sentence for persons; assistant-cloud takes everything else for details. */
export const ErrorResponse = z.looseObject({ error: z.string(), message: z.string() });
