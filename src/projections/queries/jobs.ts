import { z } from 'zod';
import type { Filter, StoredDocument } from '../../adapters/document-store/port.ts';
import { JobId, PersonId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { type JobDoc, jobList } from '../views/jobs.ts';
import { isOwn, ownerFilter } from './owned.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly, anyPerson } from './policy.ts';

/** A job as it is shown: how far it has come, and how it ended. What it has found out stays inside. */
const shown = ({ id, doc }: StoredDocument<JobDoc>) => {
  const { facts: _facts, open: _open, ...rest } = doc;
  return { jobId: id, ...rest };
};

/** One's own jobs, the latest first; for administrators those of the person that is named, or of everybody. */
export const listJobs = query('listJobs', {
  input: z.object({ person: PersonId.optional(), of: z.enum(['self', 'everybody']).default('self'), ...pageFields(100) }),
  policy: (request) => (request.input.person === undefined && request.input.of === 'self' ? 'allow' : administratorsOnly(request)),
  views: [jobList],
  run: async ({ person, of, ...page }, { principal, views, shows }) => {
    const whose = person ?? (of === 'self' ? ownerFilter(principal) : undefined);
    const filter: Filter = whose === undefined ? {} : { person: whose };
    const { documents, next } = await views.find(jobList, filter, { sort: [['requestedAt', 'desc']], ...pageOptions(page, 50) });
    shows(
      documents.map(({ doc }) => doc.person),
      'jobs',
    );
    return { jobs: documents.map(shown), ...(next === undefined ? {} : { next }) };
  },
});

export const getJob = query('getJob', {
  input: z.object({ jobId: JobId }),
  policy: anyPerson,
  views: [jobList],
  run: async ({ jobId }, { principal, views, shows }) => {
    const document = await views.get(jobList, jobId);
    if (!document) return undefined;
    const { person: owner } = document.doc;
    if (!isOwn(principal, { owner }) && administratorsOnly({ principal, input: undefined }) !== 'allow') return undefined;
    shows([owner], jobId);
    return shown(document);
  },
});
