import type { Views } from './query.ts';
import { people } from './views/people.ts';

const AT_ONCE = 500;

/** Those of these persons of whom analysts see nothing: they object to it, or have had the processing of their data restricted. */
export async function objecting(views: Views, persons: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let at = 0; at < persons.length; at += AT_ONCE)
    for (const [id, { doc }] of await views.getMany(people, persons.slice(at, at + AT_ONCE))) if (doc.objects || doc.restricted) found.add(id);
  return found;
}
