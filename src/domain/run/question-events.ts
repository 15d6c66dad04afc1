import { z } from 'zod';
import { event, sealed } from '../event.ts';
import { ConversationId, IsoTime, MessageId, PersonId, RunId } from '../ids.ts';
import { Question } from '../mcp/question.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const ofRun = { conversationId: ConversationId, runId: RunId, messageId: MessageId };
const input = { ...ofRun, toolCallId: z.string(), inputId: z.string() };
/**
 * A tool wants to know something of whoever asked for the answer. `resumable`: its call has come to an end, and is made once more with what was answered,
 * by whichever process; otherwise it goes on waiting, and ends with the process that makes it. `state` is what the server gets back word for word.
 */
export const ToolInputRequested = event('ToolInputRequested', 2, {
  ...input,
  /** Of version 1, which had it in the clear. */
  plainToolName: z.string().optional(),
  askedOf: PersonId,
  resumable: z.boolean(),
  expiresAt: IsoTime,
  ...sealed({ toolName: z.string().optional(), questions: z.array(Question), state: z.string() }, { hidden: ['state'] }),
});
/** `answers` is JSON by the questions' keys; it may hold a password, and is shown to nobody but the server. */
export const ToolInputAnswered = event('ToolInputAnswered', 1, {
  ...input,
  accepted: z.boolean(),
  ...sealed({ answers: z.string() }, { hidden: ['answers'] }),
});
/** They never leave the installation, as little as what is asked. */
export const runQuestionEvents = [ToolInputRequested, ToolInputAnswered] as const;
