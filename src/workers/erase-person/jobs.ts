import { cancelJob } from '../../commands/job.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { JobId, PersonId } from '../../domain/ids.ts';
import type { JobFacts, JobKind } from '../../domain/job.ts';
import { jobList } from '../../projections/views/jobs.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

/** Other jobs on the same data end, and what they made goes. */
export const jobsOf: ErasureStep = {
  name: 'jobs',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: jobList, field: 'person', subjects, work }, async ({ id, doc }) => {
      const [jobId, person] = [id as JobId, doc.person as PersonId];
      if (jobId === work.jobId || doc.kind === 'erase') return;
      if (doc.open) told(await parts.tell(annals(person), cancelJob({ jobId })));
      await parts.plans()[doc.kind as JobKind]?.clean?.({ jobId, person, facts: doc.facts as JobFacts });
    }),
};
