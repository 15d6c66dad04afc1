import { z } from 'zod';
import { conversationStream, conversations } from '../domain/conversation/index.ts';
import { ExportedConversation, ExportedMessage } from '../domain/export/format.ts';
import { exportStream, exports } from '../domain/export/index.ts';
import { ConversationId, JobId, MessageId, RunId } from '../domain/ids.ts';
import { runStream, runs } from '../domain/run/index.ts';
import { command } from './command.ts';
import { annalsOnly } from './policy.ts';

const ofConversation = {
  stream: ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId),
  aggregate: conversations,
  policy: annalsOnly,
};
const target = { conversationId: ConversationId };

/** A thread out of an export; its ids are new ones of this installation. What is there already stays as it is. */
export const importConversation = command('importConversation', { input: z.object({ ...target, from: ExportedConversation }), ...ofConversation });
export const importMessages = command('importMessages', {
  input: z.object({ ...target, messages: z.array(ExportedMessage).min(1).max(200) }),
  ...ofConversation,
});
export const completeImport = command('completeImport', { input: z.object({ ...target, from: ExportedConversation }), ...ofConversation });
export const importRun = command('importRun', {
  input: z.object({ ...target, runId: RunId, messageId: MessageId, from: ExportedMessage }),
  stream: ({ runId }) => runStream(runId),
  aggregate: runs,
  policy: annalsOnly,
});

/** The file of an export has been there for long enough. */
export const removeExport = command('removeExport', {
  input: z.object({ jobId: JobId, parts: z.int().min(0) }),
  stream: ({ jobId }) => exportStream(jobId),
  aggregate: exports,
  policy: annalsOnly,
});
