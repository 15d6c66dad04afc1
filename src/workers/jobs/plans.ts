import { type ErasingParts, eraseJob } from '../erase-person/index.ts';
import type { JobPlans } from './kind.ts';

/** Every kind of long work that this release does. */
export function jobPlans(parts: Omit<ErasingParts, 'plans'>): JobPlans {
  const plans: JobPlans = { erase: eraseJob({ ...parts, plans: () => plans }) };
  return plans;
}
