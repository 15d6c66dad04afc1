import type { ToolDefinition } from '../../adapters/model-provider/port.ts';
import { settleReply } from '../../commands/conversation.ts';
import * as commands from '../../commands/run.ts';
import { annals, settleCommandId } from '../../commands/settle-active-run.ts';
import { mayProcess } from '../../commands/standing.ts';
import { conversationStream, conversations, ReplyRequested } from '../../domain/conversation/index.ts';
import { type EventOf, isUnopened, type JsonObject, type RecordedEvent, type Sealed } from '../../domain/event.ts';
import type { ConversationId, MessageId, PersonId, RunId } from '../../domain/ids.ts';
import { doneFor } from '../../domain/person.ts';
import { ApprovalAnswered, type Run, RunEnded, runStream, runs, ToolCallEnded, ToolInputAnswered } from '../../domain/run/index.ts';
import { pages } from '../../projections/pages.ts';
import { runList } from '../../projections/views/runs.ts';
import { done, type Reaction, type Verdict, verdictOf } from '../reaction.ts';
import type { ReplyParts, RunJob } from './job.ts';
import { readPartial } from './partial.ts';
import { type Prepared, performRun, prepareStep } from './perform.ts';
import { createRunTeller } from './run-commands.ts';

export interface Replies {
  readonly reactions: readonly Reaction[];
  /** Every run that a dead process left open is gone on with, or ended as `interrupted`. Call it when the runs view has caught up. */
  takeOver(): Promise<number>;
  /** Takes up nothing new, lets streaming runs come to their end for that long, then ends them as `interrupted`; a run between two steps stays there for the next start. */
  drain(ms: number): Promise<void>;
}

/** The event waits for the next start. */
const afterRestart: Verdict = { verb: 'retry', reason: 'The server is about to stop.', unlimited: true };

export function createReplies(parts: ReplyParts & { onProblem?: (reason: string) => void }): Replies {
  const { tell, loader, store, sealer, models, views, liveLog, duties, keepLiveMs = async () => 24 * 3600_000 } = parts;
  const working = new Map<RunId, Promise<void>>();
  /** Runs that this process is about to open or to resume: whoever looks for runs of a dead one waits for these. */
  const opening = new Map<RunId, Promise<Verdict>>();
  const drained = new AbortController();
  let draining = false;

  const perform = (job: RunJob, first?: Promise<Prepared>): void => {
    const work = performRun(parts, job, drained.signal, first)
      .catch((error: unknown) => parts.onProblem?.(`run ${job.runId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
      .finally(() => {
        if (working.get(job.runId) !== work) return;
        working.delete(job.runId);
        release(job.runId);
      });
    working.set(job.runId, work);
  };
  /** Nobody waits for it: what is not released is found abandoned once this process is gone. */
  const release = (runId: RunId): void => {
    duties.release(runId).catch((error: unknown) => parts.onProblem?.(`run ${runId} could not be released: ${String(error)}`));
  };

  const clientToolsOf = async ({ id, data }: EventOf<typeof ReplyRequested>): Promise<ToolDefinition[]> => {
    const opened = await sealer.open(data.sealed as Sealed, id);
    return isUnopened(opened) ? [] : ((opened as { tools?: ToolDefinition[] }).tools ?? []);
  };

  /** What the request of this run says: its model and the page's tools. */
  const requested = async (
    conversationId: string,
    runId: string,
  ): Promise<{ event: EventOf<typeof ReplyRequested>; clientTools: ToolDefinition[] } | undefined> => {
    const { state } = await loader.load(conversationStream(conversationId), conversations);
    const run = state.runs.get(runId as RunId);
    const node = run && state.nodes.get(run.messageId);
    if (!node) return undefined;
    for await (const recorded of store.read(conversationStream(conversationId), { from: node.revision, max: 1 })) {
      const event = recorded as unknown as EventOf<typeof ReplyRequested>;
      return { event, clientTools: await clientToolsOf(event) };
    }
    return undefined;
  };

  /** Claims the run for the work that opens it, and lets it go when nothing came of that. */
  const hold = (runId: RunId, work: () => Promise<Verdict>): Promise<Verdict> => {
    const held = duties
      .claim(runId)
      .then(work)
      .finally(() => {
        if (opening.get(runId) !== held) return;
        opening.delete(runId);
        if (!working.has(runId)) release(runId);
      });
    opening.set(runId, held);
    return held;
  };

  const start = (recorded: RecordedEvent): Promise<Verdict> => {
    const { runId } = recorded.data as { runId: RunId };
    return hold(runId, () => openRun(recorded));
  };

  const openRun = async (recorded: RecordedEvent): Promise<Verdict> => {
    if (draining) return afterRestart;
    const event = recorded as unknown as EventOf<typeof ReplyRequested>;
    const { conversationId, runId, messageId } = event.data;
    const { state: conversation } = await loader.load(conversationStream(conversationId), conversations);
    if (conversation.runs.get(runId)?.outcome !== undefined) return done;
    const owner = event.metadata.subject;
    const correlationId = event.metadata.$correlationId;
    const model = event.data.model ?? (await models.defaultModel());
    const tellRun = createRunTeller(tell, owner, correlationId, drained.signal, event.id);
    if (conversation.status === 'deleted' || !(await mayProcess(loader, owner))) {
      const stopped = await tellRun(commands.stopRun({ conversationId, runId, messageId }));
      return stopped.ok ? done : verdictOf(stopped.error);
    }
    const prepare = async (): Promise<{ job: RunJob; first: Promise<Prepared> }> => {
      const clientTools = await clientToolsOf(event);
      const askedBy = doneFor(event.metadata);
      const job: RunJob = { conversationId, runId, messageId, owner, askedBy, model, clientTools, epoch: 1, segment: 0, correlationId };
      const first = prepareStep(parts, job);
      // Whoever performs the run hears of it; perhaps nobody does.
      first.catch(() => undefined);
      return { job, first };
    };
    // What the model is to be told is gathered while the disk works.
    const [told, { job, first }] = await Promise.all([tellRun(commands.startRun({ conversationId, runId, messageId, model })), prepare()]);
    if (!told.ok) return verdictOf(told.error);
    perform(job, first);
    return done;
  };

  /** Takes up a run at the epoch at which it was found between two steps; a repeat or another worker loses by it. */
  const resume = async (conversationId: ConversationId, runId: RunId, messageId: MessageId, epoch: number): Promise<Verdict> => {
    if (draining) return afterRestart;
    const request = await requested(conversationId, runId);
    if (!request) return done;
    const owner = request.event.metadata.subject;
    const correlationId = request.event.metadata.$correlationId;
    const told = await createRunTeller(tell, owner, correlationId, drained.signal)(commands.resumeRun({ conversationId, runId, messageId, epoch }));
    if (!told.ok) return verdictOf(told.error);
    const { segment, model = await models.defaultModel() } = (await loader.load(runStream(runId), runs)).state;
    perform({
      conversationId,
      runId,
      messageId,
      owner,
      askedBy: doneFor(request.event.metadata),
      model,
      clientTools: request.clientTools,
      epoch: epoch + 1,
      segment,
      correlationId,
    });
    return done;
  };

  const answered = async ({ type, data }: RecordedEvent): Promise<Verdict> => {
    const { conversationId, runId, messageId, by } = data as { conversationId: ConversationId; runId: RunId; messageId: MessageId; by?: string };
    if (type === ToolCallEnded.type && by !== 'client') return done;
    const { status, paused, epoch } = (await loader.load(runStream(runId), runs)).state;
    return status === 'between' && paused ? hold(runId, () => resume(conversationId, runId, messageId, epoch)) : done;
  };

  const settle = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { data, metadata, id } = recorded as unknown as EventOf<typeof RunEnded>;
    const { conversationId, runId, outcome } = data;
    const told = await tell(annals(metadata.subject), settleReply({ conversationId, runId, outcome }), {
      commandId: settleCommandId(runId),
      causationId: id,
    });
    if (!told.ok) return verdictOf(told.error);
    await liveLog.expire(runId, Date.parse(metadata.time) + (await keepLiveMs()));
    return done;
  };

  /** The run as it stands while nobody here is about to open it; who tried to may have lost it to another. */
  const unopened = async (runId: RunId): Promise<{ status: Run['status']; epoch: number }> => {
    await opening.get(runId)?.catch(() => undefined);
    const { status, epoch } = (await loader.load(runStream(runId), runs)).state;
    return opening.has(runId) ? unopened(runId) : { status, epoch };
  };

  /** A run found open that nobody works on. */
  const takeOverRun = async (doc: JsonObject, runId: RunId): Promise<boolean> => {
    const conversationId = doc.conversationId as ConversationId;
    const messageId = doc.messageId as MessageId;
    const { status, epoch } = await unopened(runId);
    if (working.has(runId) || (status !== 'between' && status !== 'streaming') || !(await duties.isAbandoned(runId))) return false;
    await hold(runId, async () => {
      if (status === 'between') await resume(conversationId, runId, messageId, epoch);
      else await takeOverCall(conversationId, runId, messageId, doc.owner as PersonId);
      return done;
    });
    return true;
  };

  /** A model call found open: nothing shown yet → a new attempt; something shown → interrupted, with what there is. */
  const takeOverCall = async (conversationId: ConversationId, runId: RunId, messageId: MessageId, owner: PersonId): Promise<void> => {
    const { state: run } = await loader.load(runStream(runId), runs);
    const { epoch: found, segment, step } = run;
    const of = { conversationId, runId, messageId };
    const partial = await readPartial(parts, { runId, segment, epoch: found, step });
    const request = await requested(conversationId, runId);
    if (!request) return;
    const correlationId = request.event.metadata.$correlationId;
    const tellRun = createRunTeller(tell, owner, correlationId, drained.signal);
    if (partial.shown || run.stopRequested) {
      const outcome = run.stopRequested ? 'cancelled' : 'interrupted';
      const error = run.stopRequested ? undefined : { code: 'Interrupted', message: 'The server was stopped while it answered.' };
      const ended = await tellRun(
        commands.endRun({ ...of, epoch: found, outcome, finishReason: 'other', model: run.model, error, parts: [...partial.parts] }),
      );
      if (ended.ok) await tellRun(settleReply({ conversationId, runId, outcome }), settleCommandId(runId));
      return;
    }
    const resumed = await tellRun(commands.resumeRun({ ...of, epoch: found }));
    if (!resumed.ok) return;
    const { model = '' } = run;
    const epoch = found + 1;
    const retried = await tellRun(commands.retryModelCall({ ...of, epoch, model }));
    if (retried.ok)
      perform({ ...of, owner, askedBy: doneFor(request.event.metadata), model, clientTools: request.clientTools, epoch, segment, correlationId });
  };

  return {
    reactions: [
      { name: 'reply', types: [ReplyRequested.type], from: 'start', handle: start },
      { name: 'continue-run', types: [ApprovalAnswered.type, ToolCallEnded.type, ToolInputAnswered.type], from: 'start', handle: answered },
      { name: 'settle-reply', types: [RunEnded.type], from: 'start', handle: settle },
    ],
    async takeOver() {
      let count = 0;
      for await (const page of pages(views, runList, { open: true })) {
        for (const { id, doc } of page) {
          if (draining) return count;
          if (duties.looksAfter(id as RunId) && (await takeOverRun(doc, id as RunId))) count++;
        }
      }
      return count;
    },
    async drain(ms) {
      draining = true;
      const all = (): Promise<unknown> => Promise.all(working.values());
      const timer = setTimeout(() => drained.abort(), ms);
      await all();
      clearTimeout(timer);
      await all();
    },
  };
}
