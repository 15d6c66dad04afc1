import type { ModelMessage, ToolDefinition } from '../../adapters/model-provider/port.ts';
import { settleReply } from '../../commands/conversation.ts';
import * as commands from '../../commands/run.ts';
import { settleCommandId } from '../../commands/settle-active-run.ts';
import { conversationStream, conversations } from '../../domain/conversation/index.ts';
import type { MessageId } from '../../domain/ids.ts';
import type { MaskKind } from '../../domain/masking/detect.ts';
import type { Outcome, Part } from '../../domain/message.ts';
import { isWaiting, openCalls, type Run, runStream, runs } from '../../domain/run/index.ts';
import { createLiveWriter, type LiveWriter } from '../live-writer.ts';
import type { MaskCounts } from '../masking/mask-prompt.ts';
import type { ServerTool } from '../tools.ts';
import { branchMessages, runParts } from './branch.ts';
import { modelMessages } from './context.ts';
import type { ReplyParts, RunJob } from './job.ts';
import { readStep, type StepResult } from './model-step.ts';
import { createRunTeller, isDone, type RunTell } from './run-commands.ts';
import { isOpenName, needsOf, runTools } from './run-tools.ts';

const MAX_STEPS = 25;
/** Tool calls of one run, all steps together. */
const MAX_CALLS = 128;

/** What a model is told at one of its steps. */
export interface Prepared {
  readonly offered: readonly ServerTool[];
  readonly messages: readonly ModelMessage[];
}

/** Records nothing: which tools there are is asked anew for each step, so that what was switched off meanwhile is not offered. */
export async function prepareStep(parts: ReplyParts, job: RunJob): Promise<Prepared> {
  const [offered, messages] = await Promise.all([serverTools(parts, job), messagesFor(parts, job)]);
  return { offered, messages };
}

/**
 * Takes an opened run from where its stream stands to its end, or to where it waits for somebody. Writes nothing once another epoch has begun.
 * `drain` ends a streaming call as `interrupted`. What the first step needs may be under way already.
 */
export async function performRun(parts: ReplyParts, job: RunJob, drain: AbortSignal, first?: Promise<Prepared>): Promise<void> {
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
    let prepared = first;
    for (let fresh = (await load()).status === 'streaming'; ; fresh = false) {
      const run = await load();
      if (run.status === 'ended' || run.epoch !== epoch) return;
      if (run.stopRequested) return await end('cancelled');
      if (!fresh) {
        if (isWaiting(run) || run.paused) return await live.flush().catch(() => undefined);
        if (drain.aborted) return;
        const open = openCalls(run);
        if (open.length > 0) {
          await runTools({ parts, job, offered: await serverTools(parts, job), live, tell, signal, drain, excess: run.callCount > MAX_CALLS }, open);
          continue;
        }
        if (run.step + 1 >= MAX_STEPS)
          return await end('failed', {}, { code: 'TooManySteps', message: `The model asked for tools ${MAX_STEPS} times in a row.` });
        const started = await tell(commands.startStep({ ...of, epoch, model: job.model }));
        if (!isDone(started)) return;
      }
      const { offered, messages } = await (prepared ?? prepareStep(parts, job));
      prepared = undefined;
      const result = await modelStep(parts, job, { offered, messages }, (await load()).step, live, tell, signal);
      answer = result;
      if (result.error) return await end(...brokenOff(result, stop.signal.aborted, drain.aborted));
      if (result.calls.length === 0) return await end('completed', result);
      const completed = await completeStep(parts, job, offered, result, live, tell);
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

async function modelStep(
  parts: ReplyParts,
  job: RunJob,
  { offered, messages }: Prepared,
  step: number,
  live: LiveWriter,
  tell: RunTell,
  signal: AbortSignal,
): Promise<StepResult> {
  const { conversationId, runId, messageId, epoch, model } = job;
  const tools: ToolDefinition[] = [
    ...offered.map(({ name, description, parameters }) => ({ name, ...(description === undefined ? {} : { description }), parameters })),
    ...job.clientTools,
  ];
  let retries: Promise<unknown> = Promise.resolve();
  const onAttempt = (attempt: number): void => {
    if (attempt > 1) retries = retries.then(() => tell(commands.retryModelCall({ conversationId, runId, messageId, epoch, model })));
  };
  const onMasked = async (counts: MaskCounts): Promise<void> => {
    const kinds = Object.entries(counts).map(([kind, count]) => ({ kind: kind as MaskKind, count }));
    await tell(commands.recordMasking({ conversationId, runId, messageId, epoch, kinds }));
  };
  const system = [parts.systemPrompt, offered.length > 0 ? parts.tools.advice : undefined].filter((text) => text).join('\n\n');
  const plain = { ...(system ? { system } : {}), messages, signal };
  const asked = (request: typeof plain & { tools?: ToolDefinition[] }, push: LiveWriter['push']): Promise<StepResult> =>
    readStep(parts.callModel({ person: job.askedBy, conversationId, onMasked }, model, request, onAttempt), step, push, (name) =>
      isOpenName(offered, job, name),
    );
  let result = await asked(tools.length ? { ...plain, tools } : plain, live.push);
  if (refusesTools(result)) result = await asked(plain, (item) => void (item.type === 'step-start' || live.push(item)));
  await retries;
  return { ...result, model: result.model === undefined ? model : `${model.split('/')[0]}/${result.model}` };
}

/** Some models refuse whatever offers them tools: these answer without. */
const refusesTools = ({ error, parts }: StepResult): boolean =>
  error?.code === 'BadRequest' && parts.length === 0 && /not support (?:tool|function)/i.test(error.message);

/** The branch up to the question, and what earlier steps of the run have said. */
async function messagesFor(parts: ReplyParts, { conversationId, runId }: RunJob): Promise<ModelMessage[]> {
  const { state: conversation } = await parts.loader.load(conversationStream(conversationId), conversations);
  const parentId = conversation.runs.get(runId)?.parentId as MessageId;
  const branch = await branchMessages(parts, conversation, conversationId, parentId);
  const { step } = (await parts.loader.load(runStream(runId), runs)).state;
  return step > 0 ? [...branch, ...(await modelMessages('assistant', await runParts(parts, runId), async () => undefined))] : branch;
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
async function completeStep(
  parts: ReplyParts,
  job: RunJob,
  offered: readonly ServerTool[],
  result: StepResult,
  live: LiveWriter,
  tell: RunTell,
): Promise<boolean> {
  const { conversationId, runId, messageId, epoch } = job;
  const calls = result.calls.map(({ toolCallId, toolName, input }) => {
    const tool = offered.find(({ name }) => name === toolName);
    const binding = tool?.bind?.(input ?? {});
    return {
      ...{ toolCallId, needs: needsOf(offered, job, toolName) },
      ...(isOpenName(offered, job, toolName) ? { toolName } : {}),
      ...(tool?.tool === undefined ? {} : { tool: tool.tool }),
      ...(binding ? { binding } : {}),
    };
  });
  const waits = calls.some(({ needs }) => needs !== 'server');
  const expiresAt = waits ? new Date(parts.now().getTime() + parts.approvalMs).toISOString() : undefined;
  const stepParts = result.parts.map(
    (part): Part => (part.type === 'tool' && needsOf(offered, job, part.toolName) === 'client' ? { ...part, dynamic: false } : part),
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

const serverTools = ({ tools }: ReplyParts, { askedBy, conversationId, runId, model }: RunJob): Promise<readonly ServerTool[]> =>
  tools.tools({ person: askedBy, conversationId, runId, model });
