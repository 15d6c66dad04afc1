import { z } from 'zod';
import { JobId, PersonId } from '../domain/ids.ts';
import { type Job, JobFacts, JobKind, jobStream, jobs } from '../domain/job.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, namedPerson } from './policy.ts';

const stream = ({ jobId }: { jobId: JobId }): string => jobStream(jobId);
const aggregate = jobs;

/** About oneself, or by an administrator about anybody. Erasing begins elsewhere: with the end of the account; updates at the servers of tools. */
const aboutOneself: Policy<{ person: PersonId; kind: JobKind }, Job> = (request) => {
  const { principal, input } = request;
  if (input.kind === 'erase' || input.kind === 'update') return annalsOnly(request);
  if (principal.scopes !== undefined && input.person === principal.id)
    return { code: 'Forbidden', message: 'A restricted token asks for no such work.' };
  return input.person === principal.id ? namedPerson(request) : administratorsOnly(request) === 'allow' ? 'allow' : 'notFound';
};
const ownOrAdministrator: Policy<unknown, Job> = (request) =>
  request.owner === undefined
    ? 'notFound'
    : request.owner === request.principal.id
      ? namedPerson(request)
      : administratorsOnly(request) === 'allow'
        ? 'allow'
        : 'notFound';

/** Asks for work on a person's data; who does not name the job gets a new one. */
export const requestJob = command('requestJob', {
  input: z.object({ jobId: JobId.optional(), kind: JobKind, person: PersonId, about: z.string().max(255).optional() }),
  stream: ({ jobId }, _principal, newId) => jobStream(jobId ?? newId('job_')),
  policy: aboutOneself,
  aggregate,
  subject: ({ person }) => person,
  result: (events) => ({ jobId: firstDataOf<{ jobId: JobId }>(events).jobId }),
});
export const cancelJob = command('cancelJob', { input: z.object({ jobId: JobId }), stream, policy: ownOrAdministrator, aggregate });

const fenced = { jobId: JobId, epoch: z.int() };
const byAnnals = { stream, policy: annalsOnly as Policy<unknown, Job>, aggregate };

/** `epoch` is the one at which it was found; 0 when nobody has taken it up yet. */
export const takeUpJob = command('takeUpJob', { input: z.object(fenced), ...byAnnals });
export const progressJob = command('progressJob', {
  input: z.object({
    ...fenced,
    step: z.string(),
    number: z.int(),
    of: z.int(),
    done: z.int(),
    total: z.int(),
    finished: z.boolean(),
    facts: JobFacts.default({}),
  }),
  ...byAnnals,
});
export const endJob = command('endJob', {
  input: z.object({ ...fenced, outcome: z.enum(['succeeded', 'failed']), code: z.string().optional(), facts: JobFacts.default({}) }),
  ...byAnnals,
});
