import type { ErasureStep } from './parts.ts';
import { caughtUp } from './seen.ts';

/** Views take a person's documents out when they come to the end of the account, and those of its things when these go: that has to have happened, on disk too. */
export const forgetViews: ErasureStep = {
  name: 'views',
  async erase(parts, _subjects, { signal }) {
    await caughtUp(
      parts,
      parts.progress.status().map(({ view }) => view),
      signal,
    );
    await parts.scrub?.();
  },
};
