import { releaseIdentity } from '../../commands/identity.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { logins, loginsStream } from '../../domain/logins.ts';
import type { ErasureStep } from './parts.ts';
import { told } from './told.ts';

/** Whoever logs in that way next is somebody new. */
export const loginsOf: ErasureStep = {
  name: 'logins',
  async erase({ tell, loader }, subjects) {
    for (const person of subjects) {
      const { identities, removed } = (await loader.load(loginsStream(person), logins)).state;
      for (const identity of [...identities, ...removed]) told(await tell(annals(person), releaseIdentity({ identity, person })));
    }
  },
};
