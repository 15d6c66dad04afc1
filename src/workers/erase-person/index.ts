import type { PersonId } from '../../domain/ids.ts';
import type { JobPlan, JobStep, JobWork } from '../jobs/kind.ts';
import { conversationsOf } from './conversations.ts';
import { filesOf } from './files.ts';
import { jobsOf } from './jobs.ts';
import { loginsOf } from './logins.ts';
import type { ErasingParts, ErasureStep } from './parts.ts';
import { providerKeysOf } from './provider-keys.ts';
import { runsOf } from './runs.ts';
import { subjectsOf } from './subjects.ts';
import { forgetViews } from './views.ts';

export type { ErasingParts } from './parts.ts';

/** What is erased after the keys, in this order. Whoever keeps something new of persons that their keys do not seal adds how it goes. */
const kept: readonly ErasureStep[] = [runsOf, jobsOf, conversationsOf, filesOf, providerKeysOf, loginsOf];

/**
 * How a person is erased whose account is closed. First the keys, so that from then on nothing sealed can be read anywhere; then what lies about. Every
 * step finds what is left by itself, so that it can be broken off anywhere and done again.
 */
export function eraseJob(parts: ErasingParts): JobPlan {
  const stepOf = ({ name, erase }: ErasureStep): JobStep => ({
    name,
    run: async (work) => {
      await erase(parts, subjectsIn(work), work);
      return undefined;
    },
  });
  const keys: ErasureStep = {
    name: 'keys',
    erase: async ({ vault }, subjects) => {
      for (const subject of subjects) await vault.destroySubject(subject);
    },
  };
  return {
    persistent: true,
    steps: [{ name: 'subjects', run: (work) => subjectsOf(parts, work) }, ...[keys, ...kept, ...(parts.more ?? []), forgetViews].map(stepOf)],
  };
}

/** The person, and the anonymous visitors that it had taken over. */
const subjectsIn = ({ person, facts }: JobWork): readonly PersonId[] => [
  person,
  ...(Array.isArray(facts.claimed) ? (facts.claimed as PersonId[]) : []),
];
