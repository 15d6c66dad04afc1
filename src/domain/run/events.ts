import { z } from 'zod';
import { type EventOf, event, sealed } from '../event.ts';
import { ConversationId, IsoTime, MessageId, RunId } from '../ids.ts';
import { maskKinds } from '../masking/detect.ts';
import { FinishReason, Outcome, Part, Usage } from '../message.ts';
import type { runQuestionEvents } from './question-events.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const ofRun = { conversationId: ConversationId, runId: RunId, messageId: MessageId };
/**
 * What an approval is good for: this definition of this tool, and nothing else. `argumentsHash` is an HMAC of the tool and what it is called with;
 * `plainTool` is of version 1 of the step, which had the tool in the clear.
 */
export const CallBinding = z.object({ serverId: z.string(), plainTool: z.string().optional(), toolHash: z.string(), argumentsHash: z.string() });
export type CallBinding = z.output<typeof CallBinding>;
const ErrorInfo = z.object({ code: z.string(), message: z.string() });

export const RunStarted = event('RunStarted', 1, { ...ofRun, model: z.string() });
/** One attempt at one model call; a step may take several. */
export const ModelCallStarted = event('ModelCallStarted', 1, {
  ...ofRun,
  epoch: z.number().int(),
  step: z.number().int(),
  attempt: z.number().int(),
  model: z.string(),
});
/** A model call that asked for tools. The last call's text and usage stand in `RunEnded`. */
export const StepCompleted = event('StepCompleted', 2, {
  ...ofRun,
  step: z.number().int(),
  model: z.string(),
  usage: Usage.optional(),
  /** What must be answered before the run goes on. */
  calls: z.array(
    z.object({
      toolCallId: z.string(),
      /** Where it is nobody's own: what a tool is called stands in `parts`. */
      toolName: z.string().optional(),
      needs: z.enum(['server', 'approval', 'client']),
      approvalId: z.string().optional(),
      binding: CallBinding.optional(),
    }),
  ),
  expiresAt: IsoTime.optional(),
  /** `tools`: what the servers of the called tools call them. */
  ...sealed({ parts: z.array(Part), tools: z.array(z.object({ toolCallId: z.string(), tool: z.string() })).optional() }),
});
/** Recorded before the tool is called: found without an end, its outcome is unknown. */
export const ToolCallStarted = event('ToolCallStarted', 2, { ...ofRun, toolCallId: z.string(), toolName: z.string().optional() });
export const ToolCallEnded = event('ToolCallEnded', 1, {
  ...ofRun,
  toolCallId: z.string(),
  result: z.enum(['output', 'error', 'denied', 'unknown']),
  by: z.enum(['server', 'client']),
  ...sealed({ output: z.json().optional(), errorText: z.string().optional() }),
});
export const ApprovalAnswered = event('ApprovalAnswered', 1, {
  ...ofRun,
  approvalId: z.string(),
  toolCallId: z.string(),
  approved: z.boolean(),
  ...sealed({ reason: z.string().optional() }),
});
/** After a pause or a takeover: a new epoch, so that whoever wrote before writes no more. A pause also ends a segment of the live log, a takeover does not. */
export const RunResumed = event('RunResumed', 1, { ...ofRun, epoch: z.number().int(), segment: z.number().int() });
export const StopRequested = event('StopRequested', 1, { ...ofRun });
/** The one terminal event of every run. */
export const RunEnded = event('RunEnded', 1, {
  ...ofRun,
  outcome: Outcome,
  finishReason: FinishReason,
  model: z.string().optional(),
  usage: Usage.optional(),
  /** In words of Annals; those of the provider are sealed. */
  error: ErrorInfo.optional(),
  ...sealed({ parts: z.array(Part), said: z.string().optional() }),
});

/** What was masked in the prompt of this step: how many different values of each kind. The log keeps the message as it was written. */
export const PromptMasked = event('PromptMasked', 1, {
  ...ofRun,
  step: z.number().int(),
  kinds: z.array(z.object({ kind: z.enum(maskKinds), count: z.number().int() })),
});

export const runEvents = [
  RunStarted,
  ModelCallStarted,
  StepCompleted,
  ToolCallStarted,
  ToolCallEnded,
  ApprovalAnswered,
  RunResumed,
  StopRequested,
  RunEnded,
  PromptMasked,
] as const;
export type RunEvent = EventOf<(typeof runEvents)[number] | (typeof runQuestionEvents)[number]>;
