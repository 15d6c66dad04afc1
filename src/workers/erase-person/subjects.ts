import { setTimeout as sleep } from 'node:timers/promises';
import { erasePerson } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { JobFacts } from '../../domain/job.ts';
import { pages } from '../../projections/pages.ts';
import { claims } from '../../projections/views/claims.ts';
import type { JobWork } from '../jobs/kind.ts';
import type { ErasingParts } from './parts.ts';
import { caughtUp } from './seen.ts';
import { told } from './told.ts';

/** Whoever is erased, is erased with the visitors it had taken over: their accounts end too, which names them in the log. */
export async function subjectsOf(parts: ErasingParts, { jobId, person, facts, signal, report }: JobWork): Promise<JobFacts> {
  await sleep(parts.settleMs, undefined, { signal });
  await caughtUp(parts, [claims.name], signal);
  const known = new Set(Array.isArray(facts.claimed) ? facts.claimed : []);
  for await (const page of pages(parts.views, claims, { by: person })) for (const { id } of page) known.add(id);
  const claimed = [...known] as PersonId[];
  // Recorded before the first of them goes, since they are not found as this person's afterwards.
  await report(0, claimed.length, { claimed });
  for (const visitor of claimed) told(await parts.tell(annals(visitor), erasePerson({ person: visitor, jobId })), 'PersonErased');
  return { claimed };
}
