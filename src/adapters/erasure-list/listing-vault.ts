import type { KeyVault } from '../key-vault/port.ts';
import type { ErasureList } from './port.ts';

/** The vault, with whatever is destroyed in it put on the list first: an erasure that is acknowledged stands on the list. */
export const listingVault = (vault: KeyVault, list: ErasureList): KeyVault => ({
  ...vault,
  destroyScope: async (name) => {
    await list.add({ kind: 'scope', name });
    await vault.destroyScope(name);
  },
  destroySubject: async (name) => {
    await list.add({ kind: 'subject', name });
    await vault.destroySubject(name);
  },
});
