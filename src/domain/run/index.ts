import { type Decider, type DecisionContext, type Refusal, refuse } from '../decider.ts';
import type { JsonObject, NewEvent } from '../event.ts';
import type { ExportedMessage } from '../export/format.ts';
import type { ConversationId, MessageId, RunId } from '../ids.ts';
import type { MaskKind } from '../masking/detect.ts';
import type { FinishReason, Outcome, Part, Usage } from '../message.ts';
import * as happened from './events.ts';

import { importedRun } from './import.ts';
import { awaitsInput, decideQuestion, type QuestionCommand } from './questions.ts';
import type { OpenCall, Run } from './state.ts';

export * from './events.ts';
export * from './question-events.ts';
export type { OpenCall, Run } from './state.ts';

interface Target {
  conversationId: ConversationId;
  runId: RunId;
  messageId: MessageId;
}
type Fenced = Target & { epoch: number };

export type RunCommand =
  | QuestionCommand
  | (Target & { name: 'startRun'; model: string })
  | (Fenced & { name: 'retryModelCall'; model: string })
  | (Fenced & { name: 'startStep'; model: string })
  | (Fenced & {
      name: 'completeStep';
      model: string;
      usage?: Usage;
      /** `toolName` where it is nobody's own; `tool`: what its server calls it. */
      calls: { toolCallId: string; toolName?: string; tool?: string; needs: 'server' | 'approval' | 'client'; binding?: happened.CallBinding }[];
      parts: Part[];
      expiresAt?: string;
    })
  | (Fenced & { name: 'startToolCall'; toolCallId: string })
  | (Fenced & {
      name: 'endToolCall';
      toolCallId: string;
      result: 'output' | 'error' | 'denied' | 'unknown';
      output?: JsonObject[string];
      errorText?: string;
    })
  | (Fenced & { name: 'resumeRun' })
  | (Fenced & { name: 'recordMasking'; kinds: { kind: MaskKind; count: number }[] })
  | (Fenced & {
      name: 'endRun';
      outcome: Outcome;
      finishReason: FinishReason;
      model?: string;
      usage?: Usage;
      /** `said`: what the provider says itself, in words that may be the person's. */
      error?: { code: string; message: string; said?: string };
      parts: Part[];
    })
  | (Target & { name: 'stopRun' })
  | (Target & { name: 'importRun'; from: ExportedMessage })
  | (Target & { name: 'expireRun' })
  | (Target & { name: 'answerApproval'; approvalId: string; approved: boolean; reason?: string })
  | (Target & { name: 'provideToolOutput'; toolCallId: string; output?: JsonObject[string]; errorText?: string });

export const runStream = (id: string): string => `run-${id}`;

/** Calls of the current step that nobody has ended yet. */
export const openCalls = (run: Run): [string, OpenCall][] => [...run.calls].filter(([, call]) => !call.ended);
/** Waits for a person: an approval without an answer, or an output the client owes. */
const isAwaited = (call: OpenCall): boolean =>
  !call.ended && (call.needs === 'client' || (call.needs === 'approval' && call.approved === undefined) || awaitsInput(call));
export const isWaiting = (run: Run): boolean => openCalls(run).some(([, call]) => isAwaited(call));

function evolve(state: Run, event: happened.RunEvent): Run {
  switch (event.type) {
    case 'RunStarted':
      state.status = 'streaming';
      state.model = event.data.model;
      state.epoch = 1;
      state.segment = 0;
      return state;
    case 'ModelCallStarted':
      state.status = 'streaming';
      state.step = event.data.step;
      state.attempt = event.data.attempt;
      state.calls.clear();
      return state;
    case 'StepCompleted':
      for (const { toolCallId, ...call } of event.data.calls) state.calls.set(toolCallId, call);
      state.callCount += event.data.calls.length;
      state.expiresAt = event.data.expiresAt;
      state.paused = isWaiting(state);
      state.status = state.paused ? 'waiting' : 'between';
      return state;
    case 'ToolCallStarted': {
      const call = state.calls.get(event.data.toolCallId);
      if (call) call.started = true;
      // What it asked before has been taken up by this.
      if (call?.input?.answered) delete call.input;
      return state;
    }
    case 'ToolInputRequested': {
      const { toolCallId, inputId, resumable, expiresAt } = event.data;
      update(state, toolCallId, { input: { inputId, resumable, expiresAt } });
      if (!resumable || !isWaiting(state)) return state;
      state.paused = true;
      state.status = 'waiting';
      return state;
    }
    case 'ToolInputAnswered': {
      const call = state.calls.get(event.data.toolCallId);
      if (call?.input?.inputId === event.data.inputId) call.input.answered = true;
      if (state.status === 'waiting' && !isWaiting(state)) state.status = 'between';
      return state;
    }
    case 'ToolCallEnded':
      update(state, event.data.toolCallId, { ended: true });
      if (state.status === 'waiting' && !isWaiting(state)) state.status = 'between';
      return state;
    case 'ApprovalAnswered':
      update(state, event.data.toolCallId, { approved: event.data.approved });
      if (state.status === 'waiting' && !isWaiting(state)) state.status = 'between';
      return state;
    case 'RunResumed':
      state.epoch = event.data.epoch;
      state.segment = event.data.segment;
      state.paused = false;
      return state;
    case 'StopRequested':
      state.stopRequested = true;
      return state;
    case 'RunEnded':
      state.status = 'ended';
      state.outcome = event.data.outcome;
      return state;
    case 'PromptMasked':
      return state;
    default:
      event satisfies never;
      return state;
  }
}

function update(state: Run, toolCallId: string, change: Partial<OpenCall>): void {
  const call = state.calls.get(toolCallId);
  if (call) Object.assign(call, change);
}

function decide(command: RunCommand, run: Run, { newId, now }: DecisionContext): readonly NewEvent[] | Refusal {
  const { conversationId, runId, messageId } = command;
  const of = { conversationId, runId, messageId };
  const end = (outcome: Outcome, rest: { finishReason?: FinishReason; error?: { code: string; message: string } } = {}) =>
    happened.RunEnded({ ...of, outcome, finishReason: rest.finishReason ?? 'other', model: run.model, error: rest.error, parts: [] });
  if ('epoch' in command && (run.status === 'ended' || run.epoch !== command.epoch)) {
    return refuse('Superseded', 'This run has ended, or another worker has taken it over.');
  }
  switch (command.name) {
    case 'startRun':
      if (run.status !== 'absent') return refuse('Superseded', 'This run has been started already.');
      return [
        happened.RunStarted({ ...of, model: command.model }),
        happened.ModelCallStarted({ ...of, epoch: 1, step: 0, attempt: 1, model: command.model }),
      ];
    case 'retryModelCall':
      return [happened.ModelCallStarted({ ...of, epoch: run.epoch, step: run.step, attempt: run.attempt + 1, model: command.model })];
    case 'startStep':
      return [happened.ModelCallStarted({ ...of, epoch: run.epoch, step: run.step + 1, attempt: 1, model: command.model })];
    case 'completeStep': {
      const calls = command.calls.map((call) => (call.needs === 'approval' ? { ...call, approvalId: newId('approval_') } : call));
      const parts = command.parts.map((part): Part => {
        const call = part.type === 'tool' ? calls.find(({ toolCallId }) => toolCallId === part.toolCallId) : undefined;
        return part.type === 'tool' && call && 'approvalId' in call
          ? { ...part, state: 'approval-requested', approval: { id: String(call.approvalId) } }
          : part;
      });
      const tools = command.calls.flatMap(({ toolCallId, tool }) => (tool === undefined ? [] : [{ toolCallId, tool }]));
      const { model, usage, expiresAt } = command;
      return [happened.StepCompleted({ ...of, step: run.step, model, usage, calls, expiresAt, parts, ...(tools.length > 0 ? { tools } : {}) })];
    }
    case 'startToolCall':
      return run.calls.get(command.toolCallId)?.started && run.calls.get(command.toolCallId)?.input?.answered !== true
        ? []
        : [happened.ToolCallStarted({ ...of, toolCallId: command.toolCallId, toolName: run.calls.get(command.toolCallId)?.toolName })];
    case 'endToolCall':
      if (run.calls.get(command.toolCallId)?.ended) return [];
      return [
        happened.ToolCallEnded({
          ...of,
          toolCallId: command.toolCallId,
          result: command.result,
          by: 'server',
          output: command.output,
          errorText: command.errorText,
        }),
      ];
    case 'recordMasking':
      return command.kinds.length === 0 ? [] : [happened.PromptMasked({ ...of, step: run.step, kinds: command.kinds })];
    case 'resumeRun':
      if (run.status === 'waiting') return refuse('Superseded', 'This run waits for an answer: there is nothing to take up.');
      return [happened.RunResumed({ ...of, epoch: run.epoch + 1, segment: run.paused ? run.segment + 1 : run.segment })];
    case 'endRun': {
      const { outcome, finishReason, model, usage, error, parts } = command;
      return [happened.RunEnded({ ...of, outcome, finishReason, model, usage, error, parts, said: error?.said })];
    }
    case 'importRun':
      return run.status === 'absent' ? importedRun(command.from, now) : [];
    case 'stopRun':
      if (run.status === 'ended' || run.stopRequested) return [];
      return run.status === 'absent' || run.status === 'waiting' ? [end('cancelled')] : [happened.StopRequested(of)];
    case 'expireRun':
      return run.status === 'waiting' ? [end('expired', { error: { code: 'ApprovalExpired', message: 'Nobody answered in time.' } })] : [];
    case 'answerApproval': {
      const found = [...run.calls].find(([, call]) => call.approvalId === command.approvalId);
      if (!found || run.status === 'absent') return refuse('ApprovalNotFound', 'There is no such approval in this run.');
      const [toolCallId, call] = found;
      if (run.status === 'ended')
        return refuse('RunEnded', 'This run has ended: its approvals can no longer be answered.', { outcome: run.outcome ?? null });
      if (call.approved !== undefined)
        return call.approved === command.approved ? [] : refuse('ApprovalAnswered', 'This approval has been answered already.');
      if (run.expiresAt !== undefined && now >= run.expiresAt)
        return refuse('ApprovalExpired', 'Nobody answered this in time: ask the model again.', { expiredAt: run.expiresAt });
      return [happened.ApprovalAnswered({ ...of, approvalId: command.approvalId, toolCallId, approved: command.approved, reason: command.reason })];
    }
    case 'requestToolInput':
    case 'answerToolInput':
      return decideQuestion(command, run, { newId, now });
    case 'provideToolOutput': {
      const call = run.calls.get(command.toolCallId);
      if (call?.needs !== 'client') return refuse('ToolCallNotFound', 'This run waits for no such tool call.');
      if (run.status === 'ended') return refuse('RunEnded', 'This run has ended: it takes no more tool outputs.', { outcome: run.outcome ?? null });
      if (call.ended) return [];
      const result = command.errorText === undefined ? 'output' : 'error';
      return [
        happened.ToolCallEnded({ ...of, toolCallId: command.toolCallId, result, by: 'client', output: command.output, errorText: command.errorText }),
      ];
    }
    default:
      return command satisfies never;
  }
}

export const runs: Decider<Run, RunCommand, happened.RunEvent> = {
  initialState: () => ({
    status: 'absent',
    epoch: 0,
    segment: 0,
    step: 0,
    attempt: 0,
    paused: false,
    stopRequested: false,
    callCount: 0,
    calls: new Map(),
  }),
  evolve,
  decide,
};
