import type { Loader } from '../../adapters/event-store/loader.ts';
import type { Tell } from '../../commands/command.ts';
import { takeUpJob } from '../../commands/job.ts';
import type { EventOf, RecordedEvent } from '../../domain/event.ts';
import type { JobId, PersonId } from '../../domain/ids.ts';
import { type Job, JobEnded, JobRequested, jobStream, jobs } from '../../domain/job.ts';
import type { Hub } from '../../projections/hub.ts';
import { pages } from '../../projections/pages.ts';
import type { Views } from '../../projections/query.ts';
import { jobList } from '../../projections/views/jobs.ts';
import type { Duties } from '../duties.ts';
import { done, type Reaction, type Verdict, verdictOf } from '../reaction.ts';
import { createRunTeller } from '../reply/run-commands.ts';
import type { JobPlans } from './kind.ts';
import { type PerformParts, performJob } from './perform.ts';

export interface JobsParts extends Omit<PerformParts, 'backoff'> {
  readonly loader: Loader;
  readonly tell: Tell;
  readonly views: Views;
  readonly hub: Hub;
  readonly duties: Duties;
  /** What is to be done, by kind. */
  readonly kinds: JobPlans;
  readonly backoff?: (attempt: number) => number;
}

export interface Jobs {
  readonly reactions: readonly Reaction[];
  /** Every job that a dead process left open is gone on with from its recorded step. Call it when the view of jobs has caught up. */
  takeOver(): Promise<number>;
  /** Begins nothing new; what is under way is broken off at its next step, for the next start or another process. */
  stop(): Promise<void>;
}

/** The event waits for the next start. */
const afterRestart: Verdict = { verb: 'retry', reason: 'The server is about to stop.', unlimited: true };

/** Long work on persons' data: taken up once, resumed after a crash, ended exactly once. */
export function createJobs({ kinds, backoff = (attempt) => Math.min(60_000, 100 * 2 ** attempt), ...parts }: JobsParts): Jobs {
  const { tell, loader, views, hub, duties, onProblem } = parts;
  const working = new Map<JobId, Promise<void>>();
  /** Those that this process is about to take up. */
  const taking = new Set<JobId>();
  const stopping = new AbortController();
  const load = async (jobId: JobId): Promise<Job> => (await loader.load(jobStream(jobId), jobs)).state;

  const perform = (jobId: JobId, person: PersonId, epoch: number, plan: NonNullable<JobPlans['erase']>, correlationId: string): void => {
    const lost = new AbortController();
    const unsubscribe = hub.subscribe(jobStream(jobId), ({ type, data }) => {
      if (type === JobEnded.type || (type === 'JobTakenUp' && Number(data.epoch) > epoch)) lost.abort();
    });
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    const work = performJob({ ...parts, backoff }, plan, { jobId, person, epoch, correlationId }, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) onProblem(`job ${jobId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      })
      .finally(() => {
        unsubscribe();
        if (working.get(jobId) !== work) return;
        working.delete(jobId);
        duties.release(jobId).catch((error: unknown) => onProblem(`job ${jobId} could not be released: ${String(error)}`));
      });
    working.set(jobId, work);
  };

  /** Claims the job, and begins or goes on with it where it is at that epoch. A kind that this release does not know waits for one that does. */
  const takeUp = async (jobId: JobId, epoch: number, correlationId: string): Promise<Verdict> => {
    const { kind, owner, status } = await load(jobId);
    const plan = kind && kinds[kind];
    if (!plan || !owner || status === 'ended' || working.has(jobId) || taking.has(jobId)) return done;
    if (stopping.signal.aborted) return afterRestart;
    taking.add(jobId);
    try {
      await duties.claim(jobId);
      const told = await createRunTeller(tell, owner, correlationId, stopping.signal)(takeUpJob({ jobId, epoch }));
      if (told.ok) perform(jobId, owner, epoch + 1, plan, correlationId);
      else await duties.release(jobId);
      return told.ok ? done : verdictOf(told.error);
    } finally {
      taking.delete(jobId);
    }
  };

  const begin = ({ data, metadata }: RecordedEvent): Promise<Verdict> => takeUp(data.jobId as JobId, 0, metadata.$correlationId);

  const clean = async (recorded: RecordedEvent): Promise<Verdict> => {
    const { jobId, outcome } = (recorded as unknown as EventOf<typeof JobEnded>).data;
    const { kind, owner, facts } = await load(jobId);
    if (outcome !== 'succeeded' && kind && owner) await kinds[kind]?.clean?.({ jobId, person: owner, facts });
    return done;
  };

  return {
    reactions: [
      { name: 'job', types: [JobRequested.type], from: 'start', handle: begin },
      { name: 'clean-job', types: [JobEnded.type], from: 'start', handle: clean },
    ],
    async takeOver() {
      let count = 0;
      for await (const page of pages(views, jobList, { open: true })) {
        for (const { id } of page) {
          const jobId = id as JobId;
          if (stopping.signal.aborted) return count;
          if (working.has(jobId) || !duties.looksAfter(jobId)) continue;
          const { status, epoch } = await load(jobId);
          if (status === 'ended' || taking.has(jobId) || !(await duties.isAbandoned(jobId))) continue;
          if ((await takeUp(jobId, epoch, jobId)).verb === 'done' && working.has(jobId)) count++;
        }
      }
      return count;
    },
    async stop() {
      stopping.abort();
      await Promise.all(working.values());
    },
  };
}
