import { deletePrompt } from '../../commands/prompt.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { prompts } from '../../projections/views/prompts.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

export const promptsOf: ErasureStep = {
  name: 'prompts',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: prompts, field: 'owner', subjects, work }, async ({ id, doc }) =>
      told(await parts.tell(annals(doc.owner as PersonId), deletePrompt({ promptId: id as never }))),
    ),
};
