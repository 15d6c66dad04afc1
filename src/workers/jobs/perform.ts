import { setTimeout as sleep } from 'node:timers/promises';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { Tell } from '../../commands/command.ts';
import { endJob, progressJob } from '../../commands/job.ts';
import type { JobId, PersonId } from '../../domain/ids.ts';
import { type Job, type JobFacts, jobStream, jobs } from '../../domain/job.ts';
import { createRunTeller } from '../reply/run-commands.ts';
import { JobFailed, JobLost, type JobPlan, type JobStep, type JobWork } from './kind.ts';

export interface PerformParts {
  readonly tell: Tell;
  readonly loader: Loader;
  /** Milliseconds before the n-th repeat of a step that failed. */
  readonly backoff: (attempt: number) => number;
  readonly onProblem: (reason: string) => void;
}

export interface TakenUp {
  readonly jobId: JobId;
  readonly person: PersonId;
  readonly epoch: number;
  readonly correlationId: string;
}

const ATTEMPTS = 5;
const REPORT_MS = 1000;

/** Takes a job from where its stream stands to its end. Writes nothing once another epoch has begun; after the signal it stays where it is. */
export async function performJob(parts: PerformParts, plan: JobPlan, job: TakenUp, signal: AbortSignal): Promise<void> {
  await stepByStep(parts, plan, job, signal).catch((error: unknown) => {
    if (!(error instanceof JobLost)) throw error;
  });
}

async function stepByStep(parts: PerformParts, plan: JobPlan, job: TakenUp, signal: AbortSignal): Promise<void> {
  const { jobId, person, epoch } = job;
  const tell = createRunTeller(parts.tell, person, job.correlationId, signal);
  const load = async (): Promise<Job> => (await parts.loader.load(jobStream(jobId), jobs)).state;
  const end = (outcome: 'succeeded' | 'failed', rest: { code?: string; facts?: JobFacts } = {}) =>
    tell(endJob({ jobId, epoch, outcome, facts: {}, ...rest }));
  const progress = async (fields: Omit<Parameters<typeof progressJob>[0], 'jobId' | 'epoch'>): Promise<void> => {
    const told = await tell(progressJob({ jobId, epoch, ...fields }));
    if (!told.ok) throw told.error.code === 'Superseded' ? new JobLost() : new Error(`${told.error.code}: ${told.error.message}`);
  };

  for (const [index, step] of plan.steps.entries()) {
    const state = await load();
    if (state.status === 'ended' || state.epoch !== epoch) return;
    if (state.finished.has(step.name)) continue;
    const at = { step: step.name, number: index + 1, of: plan.steps.length };
    let reportedAt = 0;
    let shown = { done: 0, total: 0 };
    const work: JobWork = {
      jobId,
      person,
      requestedBy: state.requestedBy ?? '',
      facts: state.facts,
      signal,
      async report(done, total, facts) {
        signal.throwIfAborted();
        shown = { done, total };
        if (facts === undefined && Date.now() - reportedAt < REPORT_MS) return;
        reportedAt = Date.now();
        await progress({ ...at, done, total, finished: false, facts: facts ?? {} });
      },
    };
    const result = await perform(parts, plan, step, work, load);
    if (result === 'stopped') return;
    if ('failed' in result) return void (await end('failed', { code: result.failed }));
    await progress({ ...at, done: shown.total, total: shown.total, finished: true, facts: result.facts });
  }
  await end('succeeded');
}

/** One step, again and again where that may help. */
async function perform(
  { backoff, onProblem }: PerformParts,
  plan: JobPlan,
  step: JobStep,
  work: JobWork,
  load: () => Promise<Job>,
): Promise<'stopped' | { facts: JobFacts } | { failed: string }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { facts } = await load();
      work.signal.throwIfAborted();
      return { facts: (await step.run({ ...work, facts })) ?? {} };
    } catch (error) {
      if (work.signal.aborted || error instanceof JobLost) return 'stopped';
      if (error instanceof JobFailed && !plan.persistent) return { failed: error.code };
      const isOutage = error instanceof Error && 'code' in error && error.code === 'StoreUnavailable';
      if (attempt === 1 || !isOutage)
        onProblem(`job ${work.jobId} at ${step.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (!isOutage && !plan.persistent && attempt >= ATTEMPTS) return { failed: 'InternalError' };
      await sleep(backoff(attempt), undefined, { signal: work.signal }).catch(() => undefined);
      if (work.signal.aborted) return 'stopped';
    }
  }
}
