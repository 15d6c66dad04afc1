import type { JobId, PersonId } from '../../domain/ids.ts';
import type { JobFacts, JobKind } from '../../domain/job.ts';

/** A job as one of its steps sees it. */
export interface JobWork {
  readonly jobId: JobId;
  /** Whose data it is about. */
  readonly person: PersonId;
  readonly requestedBy: string;
  /** What earlier steps found out, and what this one reported before it was broken off. */
  readonly facts: JobFacts;
  /** Begin nothing long after it: the job has ended, another worker has it, or this process stops. */
  readonly signal: AbortSignal;
  /** Shows how far the step is, at most once a second unless it brings facts. Throws `JobLost` when the job is not this worker's any more. */
  report(done: number, total: number, facts?: JobFacts): Promise<void>;
}

/** One part of a job. It may be broken off anywhere and is then done again, so doing it twice must be as good as doing it once. */
export interface JobStep {
  readonly name: string;
  /** What later steps have to know. Throws `JobFailed` when there is no sense in trying again. */
  run(work: JobWork): Promise<JobFacts | undefined>;
}

export interface JobPlan {
  /** In their order. */
  readonly steps: readonly JobStep[];
  /** Is tried again until it succeeds, whatever fails. */
  readonly persistent?: boolean;
  /** After a job failed or was cancelled: takes away what it left. At least once. */
  readonly clean?: (job: Pick<JobWork, 'jobId' | 'person' | 'facts'>) => Promise<void>;
}

export type JobPlans = Readonly<Partial<Record<JobKind, JobPlan>>>;

/** There is no sense in trying again. The code is shown; it is nobody's words. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  readonly code: string;
  constructor(code: string) {
    super(`The job fails: ${code}.`);
    this.code = code;
  }
}

/** The job has ended, or another worker has taken it up. */
export class JobLost extends Error {
  override readonly name = 'JobLost';
}
