import { z } from 'zod';
import { isUnopened } from '../../domain/event.ts';
import type { QueryContext } from '../query.ts';
import { people } from '../views/people.ts';

const Said = z.object({ name: z.string().nullish() });
const MOST = 500;

/** The names that these persons give themselves; of the others none. Whoever is named has been read of. */
export async function namesOf(context: QueryContext, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const persons = ids.filter((id) => id.startsWith('person_')).slice(0, MOST);
  const names = new Map<string, string>();
  for (const [id, { doc }] of await context.views.getMany(people, persons)) {
    const { name } = await context.openDeep({ name: doc.profile['name'] ?? null });
    const said = isUnopened(name) ? undefined : (Said.safeParse(name ?? {}).data?.name ?? undefined);
    if (said !== undefined) names.set(id, said);
  }
  context.shows([...names.keys()], 'names');
  return names;
}
