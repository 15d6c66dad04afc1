import { z } from 'zod';
import { type Conversation, conversationStream, conversations } from '../domain/conversation/index.ts';
import type { RecordedEvent } from '../domain/event.ts';
import { ConversationId, IsoTime, MessageId, PersonId, RunId } from '../domain/ids.ts';
import { MaskKindName } from '../domain/masking/index.ts';
import { Question, QuestionAnswer } from '../domain/mcp/question.ts';
import { FinishReason, Outcome, Part, Usage } from '../domain/message.ts';
import { ownIds } from '../domain/principal.ts';
import { CallBinding, runStream, runs } from '../domain/run/index.ts';
import { command, type Policy } from './command.ts';
import { annalsOnRun, both, ownerOfRun } from './policy.ts';

const target = { conversationId: ConversationId, runId: RunId, messageId: MessageId };
const fenced = { ...target, epoch: z.number().int() };

const judged = {
  stream: ({ runId }: { runId: RunId }) => runStream(runId),
  within: { stream: ({ conversationId }: { conversationId: ConversationId }) => conversationStream(conversationId), aggregate: conversations },
  aggregate: runs,
};
const byOwner = { ...judged, policy: ownerOfRun as Policy<unknown, Conversation>, needs: 'conversation.edit' } as const;
const byAnnals = { ...judged, policy: annalsOnRun as Policy<unknown, Conversation> };

export const startRun = command('startRun', { input: z.object({ ...target, model: z.string() }), ...byAnnals });
export const retryModelCall = command('retryModelCall', { input: z.object({ ...fenced, model: z.string() }), ...byAnnals });
export const startStep = command('startStep', { input: z.object({ ...fenced, model: z.string() }), ...byAnnals });
export const completeStep = command('completeStep', {
  input: z.object({
    ...fenced,
    model: z.string(),
    usage: Usage.optional(),
    calls: z.array(
      z.object({
        toolCallId: z.string(),
        toolName: z.string().optional(),
        tool: z.string().optional(),
        needs: z.enum(['server', 'approval', 'client']),
        binding: CallBinding.optional(),
      }),
    ),
    parts: z.array(Part),
    expiresAt: IsoTime.optional(),
  }),
  ...byAnnals,
  result: (events: readonly RecordedEvent[]) => ({
    calls: (events[0]?.data as { calls?: { toolCallId: string; approvalId?: string }[] } | undefined)?.calls ?? [],
  }),
});
export const startToolCall = command('startToolCall', { input: z.object({ ...fenced, toolCallId: z.string() }), ...byAnnals });
export const endToolCall = command('endToolCall', {
  input: z.object({
    ...fenced,
    toolCallId: z.string(),
    result: z.enum(['output', 'error', 'denied', 'unknown']),
    output: z.json().optional(),
    errorText: z.string().optional(),
  }),
  ...byAnnals,
});
/** What is masked in the prompt of the step that the run stands at. */
export const recordMasking = command('recordMasking', {
  input: z.object({ ...fenced, kinds: z.array(z.object({ kind: MaskKindName, count: z.number().int().positive() })) }),
  ...byAnnals,
});
export const resumeRun = command('resumeRun', { input: z.object(fenced), ...byAnnals });
export const endRun = command('endRun', {
  input: z.object({
    ...fenced,
    outcome: Outcome,
    finishReason: FinishReason,
    model: z.string().optional(),
    usage: Usage.optional(),
    error: z.object({ code: z.string(), message: z.string(), said: z.string().optional() }).optional(),
    parts: z.array(Part),
  }),
  ...byAnnals,
});
export const expireRun = command('expireRun', { input: z.object(target), ...byAnnals });

export const stopRun = command('stopRun', { input: z.object(target), ...byOwner });
/** A tool is called in the name of who asked for the answer, so nobody else allows it. */
const askerAlone: Policy<{ runId: RunId }, Conversation> = ({ principal, input, state }) => {
  const askedBy = state.runs.get(input.runId)?.askedBy;
  const isAsker = askedBy === undefined || principal.kind === 'service' || ownIds(principal).includes(askedBy);
  return isAsker ? 'allow' : { code: 'Forbidden', message: 'Somebody else asked for this answer: only they may allow its tools, and answer them.' };
};
export const answerApproval = command('answerApproval', {
  input: z.object({ ...target, approvalId: z.string(), approved: z.boolean(), reason: z.string().max(10_000).optional() }),
  ...byOwner,
  policy: both(ownerOfRun as Policy<{ runId: RunId }, Conversation>, askerAlone),
});
/** Of whoever asked for the answer; a call that has ended with it is made again once it is answered. */
export const requestToolInput = command('requestToolInput', {
  input: z.object({
    ...fenced,
    requests: z.array(
      z.object({
        toolCallId: z.string(),
        toolName: z.string(),
        askedOf: PersonId,
        resumable: z.boolean(),
        expiresAt: IsoTime,
        questions: z.array(Question).min(1).max(20),
        state: z.string().max(200_000),
      }),
    ),
  }),
  ...byAnnals,
  result: (events: readonly RecordedEvent[]) => ({ inputs: events.map(({ data }) => String(data.inputId)) }),
});
/** By whoever was asked. What is answered is checked against what was asked for, see `questionAnswers`. */
export const answerToolInput = command('answerToolInput', {
  input: z.object({ ...target, inputId: z.string().max(255), answers: z.record(z.string().max(200), QuestionAnswer) }),
  ...byOwner,
  policy: both(ownerOfRun as Policy<{ runId: RunId }, Conversation>, askerAlone),
});
export const provideToolOutput = command('provideToolOutput', {
  input: z.object({ ...target, toolCallId: z.string(), output: z.json().optional(), errorText: z.string().optional() }),
  ...byOwner,
});
