import type { LiveLog } from '../../adapters/live-log/port.ts';
import type { Models, ToolDefinition } from '../../adapters/model-provider/port.ts';
import type { Tell, Told } from '../../commands/command.ts';
import { settleReply } from '../../commands/conversation.ts';
import * as commands from '../../commands/run.ts';
import { settleCommandId } from '../../commands/settle-active-run.ts';
import { conversationStream, conversations } from '../../domain/conversation/index.ts';
import type { Json } from '../../domain/event.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import type { Outcome, Part, ToolPart } from '../../domain/message.ts';
import { toolEnded } from '../../domain/pieces.ts';
import { isWaiting, openCalls, type Run, runStream, runs } from '../../domain/run/index.ts';
import type { Hub } from '../../projections/hub.ts';
import type { Duties } from '../duties.ts';
import type { CallModel } from '../keyed-models.ts';
import { createLiveWriter, type LiveWriter } from '../live-writer.ts';
import { type ServerTool, toolsFor } from '../tools.ts';
import { type BranchParts, branchMessages, runParts } from './branch.ts';
import { modelMessages } from './context.ts';
import { type CalledTool, readStep, type StepResult } from './model-step.ts';
import { createRunTeller } from './run-commands.ts';

export interface ReplyParts extends BranchParts {
  readonly tell: Tell;
  readonly duties: Duties;
  readonly hub: Hub;
  readonly liveLog: LiveLog;
  readonly models: Models;
  /** Calls a model with the key of whose answer it is. */
  readonly callModel: CallModel;
  readonly now: () => Date;
  readonly systemPrompt?: string;
  /** How long an approval may wait. */
  readonly approvalMs: number;
  /** The server's tools that a model may call; the demonstration's where nobody says otherwise. */
  readonly tools?: (model: string) => readonly ServerTool[];
}

/** A run as its worker holds it. */
export interface RunJob {
  readonly conversationId: ConversationId;
  readonly runId: RunId;
  readonly messageId: MessageId;
  readonly owner: PersonId;
  readonly model: string;
  /** Tools of the page, whose outputs the client owes. */
  readonly clientTools: readonly ToolDefinition[];
  readonly epoch: number;
  readonly segment: number;
  readonly correlationId: string;
}

const MAX_STEPS = 25;

/**
 * Takes an opened run from where its stream stands to its end, or to where it waits for somebody. Writes nothing once another epoch has begun.
 * `drain` ends a streaming call as `interrupted`.
 */
export async function performRun(parts: ReplyParts, job: RunJob, drain: AbortSignal): Promise<void> {
  const { conversationId, runId, messageId, owner, epoch, segment } = job;
  const { loader, liveLog, hub } = parts;
  let answer: StepResult | undefined;
  const stream = runStream(runId);
  const of = { conversationId, runId, messageId };
  const stop = new AbortController();
  const tell = createRunTeller(parts.tell, owner, job.correlationId, drain);
  const live = createLiveWriter({ liveLog, sealer: parts.sealer }, { run: runId, segment, epoch, owner, conversationId });
  const unsubscribe = hub.subscribe(stream, ({ type, data }) => {
    const superseded = type === 'RunResumed' && Number(data.epoch) > epoch;
    if (type === 'StopRequested' || type === 'RunEnded' || superseded) stop.abort();
  });
  const signal = AbortSignal.any([stop.signal, drain]);
  const load = async (): Promise<Run> => (await loader.load(stream, runs)).state;

  const end = async (
    outcome: Outcome,
    result: Partial<StepResult> = {},
    error?: { code: string; message: string; said?: string | undefined },
  ): Promise<void> => {
    await live.flush().catch(() => undefined);
    const { parts: text = [], usage, finishReason = 'other', model } = result;
    const ended = await tell(commands.endRun({ ...of, epoch, outcome, finishReason, model: model ?? job.model, usage, error, parts: [...text] }));
    if (ended.ok) await tell(settleReply({ conversationId, runId, outcome }), settleCommandId(runId));
  };

  try {
    for (let fresh = (await load()).status === 'streaming'; ; fresh = false) {
      const run = await load();
      if (run.status === 'ended' || run.epoch !== epoch) return;
      if (run.stopRequested) return await end('cancelled');
      if (!fresh) {
        if (isWaiting(run) || run.paused) return await live.flush().catch(() => undefined);
        if (drain.aborted) return;
        const open = openCalls(run);
        if (open.length > 0) {
          await runTools(parts, job, open, live, tell, signal, drain);
          continue;
        }
        if (run.step + 1 >= MAX_STEPS)
          return await end('failed', {}, { code: 'TooManySteps', message: `The model asked for tools ${MAX_STEPS} times in a row.` });
        const started = await tell(commands.startStep({ ...of, epoch, model: job.model }));
        if (!isDone(started)) return;
      }
      const result = await modelStep(parts, job, (await load()).step, live, tell, signal);
      answer = result;
      if (result.error) return await end(...brokenOff(result, stop.signal.aborted, drain.aborted));
      if (result.calls.length === 0) return await end('completed', result);
      const completed = await completeStep(parts, job, result, live, tell);
      if (!completed) return;
      answer = undefined;
    }
  } catch (error) {
    const { usage, model, parts: said = [] } = answer ?? {};
    await end(
      'failed',
      { usage, model, parts: said.filter(({ type }) => type === 'text' || type === 'reasoning') },
      { code: 'InternalError', message: 'The answer could not be written because of a fault in the server.' },
    );
    throw error;
  } finally {
    unsubscribe();
  }
}

type RunTell = ReturnType<typeof createRunTeller>;

/** False when another worker has the run by now, or it has ended. Throws for any other refusal: nobody would take the run any further. */
function isDone<Result>(told: Told<Result>): told is Extract<Told<Result>, { ok: true }> {
  if (!told.ok && told.error.code !== 'Superseded') throw new Error(`${told.error.code}: ${told.error.message}`);
  return told.ok;
}

async function modelStep(parts: ReplyParts, job: RunJob, step: number, live: LiveWriter, tell: RunTell, signal: AbortSignal): Promise<StepResult> {
  const { conversationId, runId, messageId, epoch, model } = job;
  const { state: conversation } = await parts.loader.load(conversationStream(conversationId), conversations);
  const parentId = conversation.runs.get(runId)?.parentId as MessageId;
  const messages = await branchMessages(parts, conversation, conversationId, parentId);
  if (step > 0) messages.push(...(await branchMessagesOfRun(parts, runId)));
  const tools: ToolDefinition[] = [
    ...serverTools(parts, model).map(({ name, description, parameters }) => ({ name, description, parameters })),
    ...job.clientTools,
  ];
  let retries: Promise<unknown> = Promise.resolve();
  const onAttempt = (attempt: number): void => {
    if (attempt > 1) retries = retries.then(() => tell(commands.retryModelCall({ conversationId, runId, messageId, epoch, model })));
  };
  const request = { ...(parts.systemPrompt ? { system: parts.systemPrompt } : {}), messages, ...(tools.length ? { tools } : {}), signal };
  const result = await readStep(parts.callModel({ person: job.owner, conversationId }, model, request, onAttempt), step, live.push);
  await retries;
  return { ...result, model: result.model === undefined ? model : `${model.split('/')[0]}/${result.model}` };
}

async function branchMessagesOfRun(parts: ReplyParts, runId: RunId) {
  return modelMessages('assistant', await runParts(parts, runId), async () => undefined);
}

function brokenOff(
  result: StepResult,
  stopped: boolean,
  draining: boolean,
): [Outcome, StepResult, { code: string; message: string; said?: string | undefined }?] {
  if (stopped) return ['cancelled', result];
  const error = {
    code: result.error?.code ?? 'Unavailable',
    message: result.error?.message ?? 'The model could not be reached.',
    said: result.error?.said,
  };
  if (draining) return ['interrupted', result, { code: 'Interrupted', message: 'The server was stopped while it answered.' }];
  return [result.parts.length > 0 || result.error?.code === 'Interrupted' ? 'interrupted' : 'failed', result, error];
}

/** Records the step with what its calls need, and shows them. */
async function completeStep(parts: ReplyParts, job: RunJob, result: StepResult, live: LiveWriter, tell: RunTell): Promise<boolean> {
  const { conversationId, runId, messageId, epoch } = job;
  const calls = result.calls.map((call) => ({ toolCallId: call.toolCallId, toolName: call.toolName, needs: needsOf(parts, job, call) }));
  const waits = calls.some(({ needs }) => needs !== 'server');
  const expiresAt = waits ? new Date(parts.now().getTime() + parts.approvalMs).toISOString() : undefined;
  const stepParts = result.parts.map(
    (part): Part => (part.type === 'tool' && needsOf(parts, job, part) === 'client' ? { ...part, dynamic: false } : part),
  );
  const told = await tell(
    commands.completeStep({
      conversationId,
      runId,
      messageId,
      epoch,
      model: result.model ?? job.model,
      usage: result.usage,
      calls,
      parts: stepParts,
      expiresAt,
    }),
  );
  if (!isDone(told)) return false;
  for (const part of stepParts) {
    if (part.type !== 'tool') continue;
    live.push({ type: 'tool', part });
    const approvalId = told.result.calls.find(({ toolCallId }) => toolCallId === part.toolCallId)?.approvalId;
    if (approvalId) live.push({ type: 'tool', part: { ...part, state: 'approval-requested', approval: { id: approvalId } } });
  }
  live.push({ type: 'step-finish', ...(result.usage ? { usage: result.usage } : {}) });
  return true;
}

const serverTools = ({ tools = toolsFor }: ReplyParts, model: string): readonly ServerTool[] => tools(model);

function needsOf(parts: ReplyParts, job: RunJob, { toolName }: Pick<CalledTool, 'toolName'>): 'server' | 'approval' | 'client' {
  const tool = serverTools(parts, job.model).find(({ name }) => name === toolName);
  if (tool) return tool.needsApproval ? 'approval' : 'server';
  return job.clientTools.some(({ name }) => name === toolName) ? 'client' : 'server';
}

/** Runs what may run, side by side; each call is recorded before it is made. */
async function runTools(
  parts: ReplyParts,
  job: RunJob,
  open: ReturnType<typeof openCalls>,
  live: LiveWriter,
  tell: RunTell,
  signal: AbortSignal,
  drain: AbortSignal,
): Promise<void> {
  const { conversationId, runId, messageId, epoch } = job;
  const of = { conversationId, runId, messageId, epoch };
  const shown = await runParts(parts, runId);
  const partOf = (id: string): ToolPart | undefined => shown.find((part): part is ToolPart => part.type === 'tool' && part.toolCallId === id);
  const ended = async (
    toolCallId: string,
    result: 'output' | 'error' | 'denied' | 'unknown',
    body: { output?: Json; errorText?: string },
  ): Promise<void> => {
    const told = await tell(commands.endToolCall({ ...of, toolCallId, result, ...body }));
    const part = partOf(toolCallId);
    if (!isDone(told) || !part) return;
    live.push({ type: 'tool', part: toolEnded(part, result, body) });
  };
  await Promise.all(
    open.map(async ([toolCallId, call]) => {
      if (call.approved === false) return ended(toolCallId, 'denied', {});
      const tool: ServerTool | undefined = serverTools(parts, job.model).find(({ name }) => name === call.toolName);
      if (!tool) return ended(toolCallId, 'error', { errorText: `There is no tool ${call.toolName}.` });
      if (call.started && !tool.idempotent) return ended(toolCallId, 'unknown', {});
      const started = await tell(commands.startToolCall({ ...of, toolCallId }));
      if (!isDone(started)) return;
      try {
        await ended(toolCallId, 'output', { output: await tool.execute(partOf(toolCallId)?.input ?? {}, { signal }) });
      } catch (error) {
        if (drain.aborted) return;
        await ended(toolCallId, 'error', { errorText: error instanceof Error ? error.message : 'The tool failed.' });
      }
    }),
  );
}
