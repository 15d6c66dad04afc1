import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';
import { JobId, PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Work on a person's data that takes longer than a request. */
export const JobKind = z.enum(['erase', 'export', 'import', 'update']);
export type JobKind = z.infer<typeof JobKind>;
export const JobOutcome = z.enum(['succeeded', 'failed', 'cancelled']);
export type JobOutcome = z.infer<typeof JobOutcome>;

const word = z.string().max(255).regex(/^\S*$/, 'must be an id or a code, never somebody’s words');
/** What a job has found out and goes on from: ids, codes, counts and times, nothing personal. Later facts of a name take the place of earlier ones. */
export const JobFacts = z.record(z.string().max(64), z.union([word, z.number(), z.boolean(), z.array(word).max(10_000)]));
export type JobFacts = z.infer<typeof JobFacts>;

const jobId = JobId;
/** `about`: the id of what it is about beside the person. */
export const JobRequested = event('JobRequested', 1, { jobId, kind: JobKind, person: PersonId, about: word.optional() });
/** By a worker: whoever worked on it before writes no more. The first epoch is 1. */
export const JobTakenUp = event('JobTakenUp', 1, { jobId, epoch: z.int() });
/** How far the step has come; once it is finished it is not done again. `number` counts the steps from 1, `of` says how many there are. */
export const JobProgressed = event('JobProgressed', 1, {
  jobId,
  step: word,
  number: z.int(),
  of: z.int(),
  done: z.int(),
  total: z.int(),
  finished: z.boolean(),
  facts: JobFacts,
});
/** The one end of every job. `code` says why it failed. */
export const JobEnded = event('JobEnded', 1, { jobId, outcome: JobOutcome, code: word.optional(), facts: JobFacts });

export const jobEvents = [JobRequested, JobTakenUp, JobProgressed, JobEnded] as const;
type JobEvent = EventOf<(typeof jobEvents)[number]>;

export interface Job {
  status: 'absent' | 'requested' | 'running' | 'ended';
  /** Whose data it is about. */
  owner?: PersonId;
  requestedBy?: string;
  kind?: JobKind;
  epoch: number;
  /** The names of its steps that need not be done again. */
  readonly finished: Set<string>;
  facts: JobFacts;
  outcome?: JobOutcome;
}

type Fenced = { jobId: JobId; epoch: number };
export type JobCommand =
  | { name: 'requestJob'; jobId?: JobId | undefined; kind: JobKind; person: PersonId; about?: string | undefined }
  | (Fenced & { name: 'takeUpJob' })
  | (Fenced & { name: 'progressJob'; step: string; number: number; of: number; done: number; total: number; finished: boolean; facts: JobFacts })
  | (Fenced & { name: 'endJob'; outcome: 'succeeded' | 'failed'; code?: string; facts: JobFacts })
  | { name: 'cancelJob'; jobId: JobId };

export const jobStream = (id: string): string => `job-${id}`;

/** Kinds that go on to their end, because what they have begun cannot be undone. */
const goesOn: readonly (JobKind | undefined)[] = ['erase'];

export const jobs: Decider<Job, JobCommand, JobEvent> = {
  initialState: () => ({ status: 'absent', epoch: 0, finished: new Set(), facts: {} }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'JobRequested':
        return Object.assign(state, {
          ...{ status: 'requested', owner: event.data.person, requestedBy: event.metadata.actor, kind: event.data.kind },
          facts: event.data.about === undefined ? {} : { about: event.data.about },
        });
      case 'JobTakenUp':
        return Object.assign(state, { status: 'running', epoch: event.data.epoch });
      case 'JobProgressed':
        if (event.data.finished) state.finished.add(event.data.step);
        state.facts = { ...state.facts, ...event.data.facts };
        return state;
      case 'JobEnded':
        return Object.assign(state, { status: 'ended', outcome: event.data.outcome, facts: { ...state.facts, ...event.data.facts } });
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { newId }) => {
    if (command.name === 'requestJob') {
      if (state.status !== 'absent') return refuse('Superseded', 'This job has been asked for already.');
      const { jobId: id = newId('job_') as JobId, kind, person, about } = command;
      return [JobRequested({ jobId: id, kind, person, ...(about === undefined ? {} : { about }) })];
    }
    if (state.status === 'absent') return refuse('NotFound', 'There is no such job.');
    const { jobId: id } = command;
    if (command.name === 'cancelJob') {
      if (state.status === 'ended') return [];
      if (goesOn.includes(state.kind)) return refuse('JobGoesOn', 'What has been erased cannot be brought back: this job goes on to its end.');
      return [JobEnded({ jobId: id, outcome: 'cancelled', facts: {} })];
    }
    if (state.status === 'ended' || state.epoch !== command.epoch)
      return refuse('Superseded', 'This job has ended, or another worker has taken it up.');
    switch (command.name) {
      case 'takeUpJob':
        return [JobTakenUp({ jobId: id, epoch: state.epoch + 1 })];
      case 'progressJob': {
        const { step, number, of, done, total, finished, facts } = command;
        return state.finished.has(step) ? [] : [JobProgressed({ jobId: id, step, number, of, done, total, finished, facts })];
      }
      case 'endJob':
        return [JobEnded({ jobId: id, outcome: command.outcome, code: command.code, facts: command.facts })];
      default:
        return command satisfies never;
    }
  },
};
