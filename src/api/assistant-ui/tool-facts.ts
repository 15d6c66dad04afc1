import { answerApproval, provideToolOutput, stopRun } from '../../commands/run.ts';
import type { DomainError } from '../../domain/decider.ts';
import type { ConversationId, MessageId, RunId } from '../../domain/ids.ts';
import type { Part, ToolPart } from '../../domain/message.ts';
import type { OpenCall, Run } from '../../domain/run/index.ts';
import type { RouteRequest } from '../http/request.ts';

export interface RunPlace {
  readonly conversationId: ConversationId;
  readonly runId: RunId;
  readonly messageId: MessageId;
}

export interface ToolFacts {
  /** How many facts were new. */
  readonly told: number;
  readonly refused?: DomainError;
}

/** Tells the run what only its client knows: outputs of the page's tools, answers to approvals, calls given up. All else of the client's copy is ours. */
export async function tellToolFacts({ tell }: RouteRequest, place: RunPlace, run: Run, parts: readonly Part[]): Promise<ToolFacts> {
  let told = 0;
  let refused: DomainError | undefined;
  for (const part of parts) {
    const call = part.type === 'tool' ? run.calls.get(part.toolCallId) : undefined;
    const command = part.type === 'tool' && call && !call.ended ? commandFor(place, part, call) : undefined;
    if (!command) continue;
    const outcome = await tell<unknown>(command);
    if (outcome.ok) told++;
    else refused ??= outcome.error;
  }
  return { told, ...(refused ? { refused } : {}) };
}

function commandFor(place: RunPlace, part: ToolPart, call: OpenCall) {
  const { toolCallId, output, errorText, approval, state } = part;
  if (call.needs === 'client') {
    if (state === 'output-available') return provideToolOutput({ ...place, toolCallId, output: output ?? null });
    return state === 'output-error' ? provideToolOutput({ ...place, toolCallId, errorText: errorText ?? 'The tool failed.' }) : undefined;
  }
  if (call.needs !== 'approval' || call.approved !== undefined || call.approvalId === undefined) return undefined;
  if (approval?.approved !== undefined) {
    const { approved, reason } = approval;
    return answerApproval({ ...place, approvalId: call.approvalId, approved, ...(reason === undefined ? {} : { reason }) });
  }
  return state === 'output-error' ? stopRun(place) : undefined;
}
