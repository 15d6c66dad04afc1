import { z } from 'zod';
import { type EventOf, event, sealed } from '../event.ts';
import { ConversationId, FileId, IsoTime, MessageId, RunId } from '../ids.ts';
import { Outcome, Part, Role } from '../message.ts';
import { shareFields, unshareFields } from '../share.ts';
import { ConversationRetention } from '../retention.ts';
import { PromptId, PromptMessage, PromptValues, PromptVersion } from '../prompt/index.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

export const Metadata = z.record(z.string(), z.json());
export const ToolSchema = z.object({ name: z.string(), description: z.string().optional(), parameters: Metadata });

/** A prompt as a message used it, and what it says to a model in place of what the person typed. */
export const Expansion = z.object({
  promptId: PromptId,
  /** Absent: one of the system's, which have none. */
  version: PromptVersion.optional(),
  name: z.string(),
  values: PromptValues,
  messages: z.array(PromptMessage),
});
export type Expansion = z.output<typeof Expansion>;

export const ConversationStarted = event('ConversationStarted', 1, {
  conversationId: ConversationId,
  externalId: z.string().optional(),
  lastMessageAt: IsoTime.optional(),
  titled: z.boolean(),
  ...sealed({ title: z.string().optional(), metadata: Metadata.optional() }),
});
/** By a person: wins over every generated title. */
export const ConversationRenamed = event('ConversationRenamed', 1, { ...sealed({ title: z.string() }) });
export const ConversationTitled = event('ConversationTitled', 1, { ...sealed({ title: z.string() }) });
export const ConversationMetadataSet = event('ConversationMetadataSet', 1, { ...sealed({ metadata: Metadata.nullable() }) });
export const ConversationTouched = event('ConversationTouched', 1, { lastMessageAt: IsoTime });
export const ConversationArchived = event('ConversationArchived', 1, {});
export const ConversationUnarchived = event('ConversationUnarchived', 1, {});
export const ConversationTrashed = event('ConversationTrashed', 1, {});
export const ConversationRestored = event('ConversationRestored', 1, {});
/** For good: its keys, and those of the files sent only here, are destroyed. */
export const ConversationDeleted = event('ConversationDeleted', 1, { conversationId: ConversationId, fileIds: z.array(FileId) });

export const ConversationShared = event('ConversationShared', 1, { conversationId: ConversationId, ...shareFields });
export const ConversationUnshared = event('ConversationUnshared', 1, { conversationId: ConversationId, ...unshareFields });

export const MessageSent = event('MessageSent', 1, {
  conversationId: ConversationId,
  messageId: MessageId,
  parentId: MessageId.nullable(),
  height: z.number().int(),
  role: Role,
  /** What a client calls this message. */
  alias: z.string().optional(),
  fileIds: z.array(FileId),
  /** The prompt that was called by its name. */
  promptId: PromptId.optional(),
  ...sealed({ parts: z.array(Part), metadata: Metadata.optional(), expansion: Expansion.optional() }),
});
export const MessageContentReplaced = event('MessageContentReplaced', 1, {
  conversationId: ConversationId,
  messageId: MessageId,
  ...sealed({ parts: z.array(Part), metadata: Metadata.optional() }),
});
/** A client posted a row that we already have: it is that message from now on. */
export const MessageAdopted = event('MessageAdopted', 1, { conversationId: ConversationId, messageId: MessageId, alias: z.string().optional() });
export const BranchChosen = event('BranchChosen', 1, { conversationId: ConversationId, messageId: MessageId });
export const FeedbackGiven = event('FeedbackGiven', 1, {
  conversationId: ConversationId,
  messageId: MessageId,
  rating: z.enum(['positive', 'negative']),
  ...sealed({ comment: z.string().optional() }),
});

/** Reserves the answer's node in the tree; its text exists only in the run's stream. */
export const ReplyRequested = event('ReplyRequested', 1, {
  conversationId: ConversationId,
  runId: RunId,
  messageId: MessageId,
  parentId: MessageId,
  height: z.number().int(),
  model: z.string().optional(),
  ...sealed({ tools: z.array(ToolSchema).optional() }),
});
export const ReplySettled = event('ReplySettled', 1, { conversationId: ConversationId, runId: RunId, outcome: Outcome });

/** How long this thread is kept, if its owner says so. */
export const ConversationRetentionSet = event('ConversationRetentionSet', 1, {
  conversationId: ConversationId,
  before: ConversationRetention,
  retention: ConversationRetention,
});

/** What was before came with an import; what it says happened elsewhere, at the times it says. */
export const ConversationImported = event('ConversationImported', 1, { conversationId: ConversationId });
export const ConversationImportCompleted = event('ConversationImportCompleted', 1, { conversationId: ConversationId });

export const conversationEvents = [
  ConversationStarted,
  ConversationRenamed,
  ConversationTitled,
  ConversationMetadataSet,
  ConversationTouched,
  ConversationArchived,
  ConversationUnarchived,
  ConversationTrashed,
  ConversationRestored,
  ConversationDeleted,
  MessageSent,
  MessageContentReplaced,
  MessageAdopted,
  BranchChosen,
  FeedbackGiven,
  ReplyRequested,
  ReplySettled,
  ConversationShared,
  ConversationUnshared,
  ConversationRetentionSet,
  ConversationImported,
  ConversationImportCompleted,
] as const;
export type ConversationEvent = EventOf<(typeof conversationEvents)[number]>;
