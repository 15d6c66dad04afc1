import { type ErasingParts, eraseJob } from '../erase-person/index.ts';
import type { JobPlans } from './kind.ts';

/** Every kind of long work that this release does: erasing, which takes away what the others have left, and those. */
export function jobPlans(parts: Omit<ErasingParts, 'plans'>, others: JobPlans): JobPlans {
  return { ...others, erase: eraseJob({ ...parts, plans: () => others }) };
}
