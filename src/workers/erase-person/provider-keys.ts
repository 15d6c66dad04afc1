import { removeProviderKey } from '../../commands/provider-key.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { providerKeys } from '../../projections/views/provider-keys.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

export const providerKeysOf: ErasureStep = {
  name: 'provider-keys',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: providerKeys, field: 'owner', subjects, work }, async ({ id, doc }) =>
      told(await parts.tell(annals(doc.owner as PersonId), removeProviderKey({ keyId: id }))),
    ),
};
