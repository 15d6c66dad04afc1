import { z } from 'zod';
import { reveal } from '../../commands/hidden.ts';
import * as commands from '../../commands/run.ts';
import { isUnopened, type RecordedEvent, type Sealed } from '../../domain/event.ts';
import type { RunId } from '../../domain/ids.ts';
import { type Question, QuestionAnswer } from '../../domain/mcp/question.ts';
import { runStream, ToolInputAnswered, ToolInputRequested } from '../../domain/run/index.ts';
import type { LiveWriter } from '../live-writer.ts';
import type { InputRequired, ToolCall } from '../tools.ts';
import type { ReplyParts, RunJob } from './job.ts';
import { isDone, type RunTell } from './run-commands.ts';

interface Round {
  readonly parts: ReplyParts;
  readonly job: RunJob;
  readonly live: LiveWriter;
  readonly tell: RunTell;
  readonly signal: AbortSignal;
}
/** A call that has ended with questions. */
export interface Asking {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly required: InputRequired;
}

const State = z.object({ state: z.string().optional() });
const cancelled: QuestionAnswer = { action: 'cancel' };

const timeOut = ({ now, approvalMs }: ReplyParts): string => new Date(now().getTime() + approvalMs).toISOString();

function show({ live }: Round, toolCallId: string, [first]: readonly Question[]): void {
  live.push({ type: 'tool-progress', toolCallId, progress: 0, message: `Asks you: ${first?.message.slice(0, 400) ?? ''}` });
}

/** Records what calls want to know that are made anew then; the run waits from here on. */
export async function askForAll(round: Round, asking: readonly Asking[]): Promise<void> {
  if (asking.length === 0 || round.signal.aborted) return;
  const { conversationId, runId, messageId, epoch, askedBy } = round.job;
  const requests = asking.map(({ toolCallId, toolName, required: { questions, state } }) => ({
    toolCallId,
    toolName,
    askedOf: askedBy,
    resumable: true,
    expiresAt: timeOut(round.parts),
    questions: [...questions],
    state: JSON.stringify(state === undefined ? {} : { state }),
  }));
  for (const { toolCallId, required } of asking) show(round, toolCallId, required.questions);
  isDone(await round.tell(commands.requestToolInput({ conversationId, runId, messageId, epoch, requests })));
}

/** Asks in the midst of a call, and waits for the answer, wherever it is given. */
export function askDuring(round: Round, call: Pick<Asking, 'toolCallId' | 'toolName'>): ToolCall['ask'] {
  return async (question) => {
    const { conversationId, runId, messageId, epoch, askedBy } = round.job;
    const { parts, signal } = round;
    const heard = Promise.withResolvers<void>();
    const answers = new Set<string>();
    const off = parts.hub.subscribe(runStream(runId), ({ type, data }) => {
      if (type !== ToolInputAnswered.type) return;
      answers.add(String(data.inputId));
      heard.resolve();
    });
    const timer = setTimeout(heard.resolve, parts.approvalMs);
    signal.addEventListener('abort', () => heard.resolve(), { once: true });
    try {
      const request = { ...call, askedOf: askedBy, resumable: false, expiresAt: timeOut(parts), questions: [question], state: '{}' };
      const told = await round.tell(commands.requestToolInput({ conversationId, runId, messageId, epoch, requests: [request] }));
      const inputId = isDone(told) ? told.result.inputs[0] : undefined;
      if (inputId === undefined) return cancelled;
      show(round, call.toolCallId, [question]);
      await heard.promise;
      const given = answers.has(inputId) ? await answersTo(parts, runId, inputId) : undefined;
      return given?.answers[question.key] ?? cancelled;
    } finally {
      off();
      clearTimeout(timer);
    }
  };
}

type Answered = NonNullable<ToolCall['answered']>;
const Answers = z.record(z.string(), QuestionAnswer);

/** What was answered, and what the server wants to have back; undefined where it cannot be read any more. */
export async function answersTo(
  { store, sealer }: Pick<ReplyParts, 'store' | 'sealer'>,
  runId: RunId,
  inputId: string,
): Promise<Answered | undefined> {
  const opened = async (event: RecordedEvent, field: 'answers' | 'state'): Promise<string | undefined> => {
    const content = await sealer.open(event.data.sealed as unknown as Sealed, event.id);
    if (isUnopened(content)) return undefined;
    const hidden = z.looseObject({ [field]: z.string() }).parse(content)[field];
    const text = await reveal(sealer, { subject: event.metadata.subject, eventId: event.id, field }, String(hidden));
    return isUnopened(text) ? undefined : text;
  };
  let state: string | undefined;
  for await (const event of store.read(runStream(runId))) {
    if (event.data.inputId !== inputId) continue;
    if (event.type === ToolInputRequested.type) state = State.parse(JSON.parse((await opened(event, 'state')) ?? '{}')).state;
    if (event.type !== ToolInputAnswered.type) continue;
    const answers = await opened(event, 'answers');
    if (answers === undefined) return undefined;
    return { answers: Answers.parse(JSON.parse(answers)), ...(state === undefined ? {} : { state }) };
  }
  return undefined;
}
