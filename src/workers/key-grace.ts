import { v5 } from 'uuid';
import type { Tell } from '../commands/command.ts';
import { endKeyGrace } from '../commands/provider-key.ts';
import { annals } from '../commands/settle-active-run.ts';
import type { PersonId } from '../domain/ids.ts';
import type { Views } from '../projections/query.ts';
import { providerKeys } from '../projections/views/provider-keys.ts';

/** Ends the grace time of keys that were replaced, so that their secrets are destroyed; told twice is told once. */
export async function sweepKeyGraces({ tell, views, now }: { tell: Tell; views: Views; now: () => Date }): Promise<void> {
  const { documents } = await views.find(
    providerKeys,
    { previousUntil: { gt: '', lte: now().toISOString() } },
    { sort: [['previousUntil', 'asc']], limit: 500 },
  );
  for (const { id: keyId, doc } of documents)
    await tell(annals(doc.owner as PersonId), endKeyGrace({ keyId }), { commandId: v5(`grace ${keyId} ${doc.previousUntil}`, v5.URL) });
}
