import { z } from 'zod';
import { fileStream, files, type StoredFile } from '../../domain/file.ts';
import { FileId, type PersonId } from '../../domain/ids.ts';
import { isClaimable } from '../../domain/person.ts';
import { ownIds } from '../../domain/principal.ts';
import { type QueryContext, query } from '../query.ts';
import { claims } from '../views/claims.ts';
import { anyPerson } from './policy.ts';

/** A file of the principal's own, as its stream has it. */
export const auiFile = query('auiFile', {
  input: z.object({ fileId: FileId }),
  policy: anyPerson,
  views: [],
  run: async ({ fileId }, context): Promise<StoredFile | undefined> => {
    let state = files.initialState();
    for await (const event of context.events(fileStream(fileId))) state = files.evolve(state, event as never);
    const present = state.status === 'reserved' || state.status === 'uploaded';
    return present && state.owner !== undefined && (await isOwn(context, state.owner)) ? state : undefined;
  },
});

/** Also what belonged to an anonymous person whom the principal has claimed. */
async function isOwn({ principal, views }: QueryContext, owner: PersonId): Promise<boolean> {
  if (ownIds(principal).includes(owner)) return true;
  return isClaimable(owner) && (await views.get(claims, owner))?.doc.by === principal.id;
}
