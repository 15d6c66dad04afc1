import { z } from 'zod';
import { cancelJob } from '../../commands/job.ts';
import { JobKind } from '../../domain/job.ts';
import { getJob, listJobs } from '../../projections/queries/jobs.ts';
import { asks } from '../http/asks.ts';
import { routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Jobs'];
export const JobShown = z.object({
  jobId: z.string(),
  person: z.string().describe('Whose data it is about.'),
  kind: JobKind,
  requestedBy: z.string(),
  status: z.enum(['requested', 'running', 'succeeded', 'failed', 'cancelled']),
  step: z.string().nullable(),
  number: z.int().describe('Of the step, from 1.'),
  of: z.int().describe('How many steps there are; 0 before the first.'),
  done: z.int().describe('Within the step.'),
  total: z.int(),
  code: z.string().nullable().describe('Why it failed.'),
  requestedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});

export const jobRoutes = routes({
  'GET /api/jobs': asks(listJobs, {
    summary: 'Long work on one’s own data, the latest first',
    description: 'Administrators may name a person, or ask for everybody’s.',
    tags,
    result: z.object({ jobs: z.array(JobShown), next: z.string().optional() }),
  }),
  'GET /api/jobs/{jobId}': asks(getJob, { summary: 'How far a job has come', tags, result: JobShown }),
  'POST /api/jobs/{jobId}/cancel': tells(cancelJob, {
    summary: 'End a job before its time',
    description: 'An erasure goes on to its end.',
    tags,
    result: Done,
  }),
});
