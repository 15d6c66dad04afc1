import type { Tell } from '../commands/command.ts';
import { recordPromptUse } from '../commands/prompt.ts';
import { annals } from '../commands/settle-active-run.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Views } from '../projections/query.ts';
import { prompts } from '../projections/views/prompts.ts';
import { createKeyUses, HOUR } from './key-uses.ts';

/** Counts uses of prompts by other programs, and writes them down as few events, as uses of keys are. */
export function createPromptUses({ tell, views, now }: { readonly tell: Tell; readonly views: Views; readonly now: () => Date }) {
  const counted = createKeyUses({
    now,
    record: async ({ keyId: promptId, owner, ...rest }) => (await tell(annals(owner), recordPromptUse({ promptId, owner, ...rest }))).ok,
  });
  return {
    async used(promptId: string): Promise<void> {
      const known = await views.get(prompts, promptId);
      if (known) await counted.note(promptId, known.doc.owner as PersonId);
    },
    sweep: () => counted.flush(HOUR),
    flush: () => counted.flush(0),
  };
}
