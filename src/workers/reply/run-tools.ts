import * as commands from '../../commands/run.ts';
import type { Json } from '../../domain/event.ts';
import type { ToolPart } from '../../domain/message.ts';
import { toolEnded } from '../../domain/pieces.ts';
import type { CallBinding, OpenCall } from '../../domain/run/index.ts';
import type { LiveWriter } from '../live-writer.ts';
import { InputRequired, OutcomeUnknown, type ServerTool, type ToolProgress } from '../tools.ts';
import { type Asking, answersTo, askDuring, askForAll } from './ask-person.ts';
import { runParts } from './branch.ts';
import type { ReplyParts, RunJob } from './job.ts';
import { isDone, type RunTell } from './run-commands.ts';

export interface ToolRound {
  readonly parts: ReplyParts;
  readonly job: RunJob;
  readonly offered: readonly ServerTool[];
  readonly live: LiveWriter;
  readonly tell: RunTell;
  readonly signal: AbortSignal;
  readonly drain: AbortSignal;
  /** The run has called as many tools as it may: none of these is called. */
  readonly excess: boolean;
}

type Ended = (result: 'output' | 'error' | 'denied' | 'unknown', body: { output?: Json; errorText?: string }) => Promise<void>;

/** Calls of one run at the same time. */
const SIDE_BY_SIDE = 8;
/** How often progress is shown, in ms. */
const PROGRESS_MS = 250;

/** Who has to do something about a call before the run goes on. */
export function needsOf(offered: readonly ServerTool[], { clientTools }: RunJob, toolName: string): 'server' | 'approval' | 'client' {
  const tool = offered.find(({ name }) => name === toolName);
  if (tool) return tool.needsApproval ? 'approval' : 'server';
  return clientTools.some(({ name }) => name === toolName) ? 'client' : 'server';
}

/** Whether the name may stand in the clear. One that is not known here may be of a tool that somebody had before. */
export function isOpenName(offered: readonly ServerTool[], job: RunJob, toolName: string): boolean {
  const tool = offered.find(({ name }) => name === toolName);
  return tool ? !tool.isOwn : needsOf(offered, job, toolName) === 'client';
}

/** Runs what may run, side by side; each call is recorded before it is made. */
export async function runTools(round: ToolRound, open: readonly (readonly [string, OpenCall])[]): Promise<void> {
  const { conversationId, runId, messageId, epoch } = round.job;
  const of = { conversationId, runId, messageId, epoch };
  const shown = await runParts(round.parts, runId);
  const waiting = open.values();
  const asking: Asking[] = [];
  const lane = async (): Promise<void> => {
    for (const [toolCallId, call] of waiting) {
      const part = shown.find((each): each is ToolPart => each.type === 'tool' && each.toolCallId === toolCallId);
      const ended: Ended = async (result, body) => {
        const told = await round.tell(commands.endToolCall({ ...of, toolCallId, result, ...body }));
        if (isDone(told) && part) round.live.push({ type: 'tool', part: toolEnded(part, result, body) });
      };
      await runCall(round, { toolCallId, call, toolName: part?.toolName ?? '', input: part?.input ?? {} }, ended, asking);
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, open.length) }, lane));
  // All of them at once, when no call goes on any more: whoever answers has the run taken up anew.
  await askForAll(round, asking);
}

async function runCall(
  round: ToolRound,
  { toolCallId, call, toolName, input }: { toolCallId: string; call: OpenCall; toolName: string; input: Json },
  ended: Ended,
  asking: Asking[],
): Promise<void> {
  const { job, offered, live, signal, drain } = round;
  const { conversationId, runId, messageId, epoch } = job;
  if (call.approved === false) return ended('denied', {});
  if (round.excess && !call.started)
    return ended('error', { errorText: 'This answer has called as many tools as one may: answer with what you have.' });
  const tool = offered.find(({ name }) => name === toolName);
  const answered = call.input?.resumable && call.input.answered ? await answersTo(round.parts, runId, call.input.inputId) : undefined;
  if (call.started && !answered && !tool?.idempotent) return ended('unknown', {});
  if (!tool) return ended('error', { errorText: `There is no tool ${toolName} that can be called now.` });
  if (call.binding && !isSame(call.binding, tool.bind?.(input)))
    return ended('error', { errorText: `The tool ${toolName} has changed since this call was allowed: it was not called.` });
  if (tool.needsApproval && call.approved !== true)
    return ended('error', { errorText: `The tool ${toolName} has to be allowed first: call it again.` });
  const started = await round.tell(commands.startToolCall({ conversationId, runId, messageId, epoch, toolCallId }));
  if (!isDone(started)) return;
  try {
    const ask = askDuring(round, { toolCallId, toolName });
    const output = await tool.execute(input, { signal, onProgress: showing(live, toolCallId), ask, ...(answered ? { answered } : {}) });
    await ended('output', { output });
  } catch (error) {
    if (drain.aborted) return;
    if (error instanceof InputRequired) return void asking.push({ toolCallId, toolName, required: error });
    if (error instanceof OutcomeUnknown) return ended('unknown', {});
    await ended('error', { errorText: error instanceof Error ? error.message : 'The tool failed.' });
  }
}

const isSame = (a: CallBinding, b: CallBinding | undefined): boolean =>
  b !== undefined && a.serverId === b.serverId && a.toolHash === b.toolHash && a.argumentsHash === b.argumentsHash;

function showing(live: LiveWriter, toolCallId: string): (progress: ToolProgress) => void {
  let shownAt = Number.NEGATIVE_INFINITY;
  return ({ progress, total, message }) => {
    const now = performance.now();
    if (now - shownAt < PROGRESS_MS) return;
    shownAt = now;
    live.push({
      type: 'tool-progress',
      toolCallId,
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message: message.slice(0, 500) }),
    });
  };
}
