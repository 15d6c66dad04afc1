import { z } from 'zod';
import { Metadata } from '../conversation/events.ts';
import { ConversationId, FileId, IsoTime, MessageId, PersonId, RunId } from '../ids.ts';
import { ConversationMasking } from '../masking/events.ts';
import { FinishReason, Part, Role, Usage } from '../message.ts';
import { Profile } from '../person.ts';
import { ConversationRetention } from '../retention.ts';

/** What an export is made of, line by line: docs/export.md and its JSON schema come from here. Fields are only ever added within a version. */
export const EXPORT_VERSION = 1;
export const EXPORT_FORMAT = 'annals-export';

export const Manifest = z.object({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  person: PersonId,
  createdAt: IsoTime,
});
export const ExportedPerson = z.object({
  person: PersonId,
  /** Anonymous persons it has claimed. */
  claimed: z.array(PersonId),
  profile: Profile,
  maskedWords: z.array(z.string().max(100)).max(200),
});

export const ExportedConversation = z.object({
  id: ConversationId,
  title: z.string().max(255).nullable(),
  titledBy: z.enum(['person', 'model']).nullable(),
  metadata: Metadata.nullable(),
  externalId: z.string().max(255).nullable(),
  archived: z.boolean(),
  trashed: z.boolean(),
  createdAt: IsoTime,
  updatedAt: IsoTime,
  lastMessageAt: IsoTime,
  /** The end of the branch that is shown. */
  leaf: MessageId.nullable(),
  retention: ConversationRetention,
  masking: ConversationMasking,
});
export type ExportedConversation = z.output<typeof ExportedConversation>;

export const RunStatus = z.enum(['requested', 'streaming', 'waiting', 'completed', 'failed', 'cancelled', 'interrupted', 'expired']);
/** A message; an answer says with what it was made. Parents come before what follows them. */
export const ExportedMessage = z.object({
  id: MessageId,
  conversationId: ConversationId,
  parentId: MessageId.nullable(),
  height: z.int().min(0),
  role: Role,
  createdAt: IsoTime,
  updatedAt: IsoTime,
  parts: z.array(Part),
  metadata: Metadata.nullable(),
  /** What clients call it. */
  aliases: z.array(z.string().min(1).max(255)).max(100),
  adopted: z.boolean(),
  feedback: z.object({ rating: z.enum(['positive', 'negative']), comment: z.string().max(10_000).nullable() }).nullable(),
  run: z
    .object({
      id: RunId,
      status: RunStatus,
      model: z.string().max(255).nullable(),
      calls: z.int().min(0).max(1000),
      usage: Usage.nullable(),
      finishReason: FinishReason.nullable(),
      error: z.object({ code: z.string().max(255), message: z.string().max(4000) }).nullable(),
      requestedAt: IsoTime,
      startedAt: IsoTime.nullable(),
      endedAt: IsoTime.nullable(),
    })
    .nullable(),
});
export type ExportedMessage = z.output<typeof ExportedMessage>;

export const ExportedFile = z.object({
  id: FileId,
  filename: z.string().max(255),
  mediaType: z.string().max(255).nullable(),
  size: z.int().min(0).nullable(),
  createdAt: IsoTime,
  /** Where its bytes are in the archive; null when there are none. */
  content: z.string().max(255).nullable(),
});
export type ExportedFile = z.output<typeof ExportedFile>;

/** Ways to log in, sessions, tokens and keys of services: what is known of them, never themselves. */
export const ExportedCredential = z.object({ kind: z.enum(['login', 'session', 'token', 'provider-key']), id: z.string() }).loose();
export const ExportedEvent = z.object({
  id: z.string(),
  type: z.string(),
  version: z.int(),
  stream: z.string(),
  revision: z.string(),
  time: IsoTime,
  actor: z.string(),
  data: Metadata.describe('As it is stored, what was sealed opened. Of secrets nothing is in it.'),
});
/** What others did with the person's data, and when they looked at it. */
export const ExportedAudit = z.object({ time: IsoTime, actor: z.string(), action: z.string(), outcome: z.string(), resource: z.string() });
/** A service that got prompts. */
export const ExportedRecipient = z.object({ provider: z.string(), models: z.array(z.string()), prompts: z.int(), first: IsoTime, last: IsoTime });

/** What stands in which part of an archive: `name/000001.jsonl` and so on, one value a line. */
export const exportParts = {
  conversations: ExportedConversation,
  messages: ExportedMessage,
  files: ExportedFile,
  credentials: ExportedCredential,
  events: ExportedEvent,
  audit: ExportedAudit,
  recipients: ExportedRecipient,
} as const;
