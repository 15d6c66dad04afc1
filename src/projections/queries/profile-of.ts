import { isUnopened } from '../../domain/event.ts';
import { Profile } from '../../domain/person.ts';
import type { QueryContext } from '../query.ts';
import type { PersonDoc } from '../views/people.ts';

/** What a person has said about itself. */
export async function profileOf({ profile }: PersonDoc, { openDeep }: Pick<QueryContext, 'openDeep'>): Promise<Profile> {
  const opened = await openDeep(profile as Record<string, unknown>);
  return Object.fromEntries(
    Object.entries(opened).map(([field, said]) => [field, isUnopened(said) ? said : (Profile.parse(said)[field as keyof Profile] ?? null)]),
  );
}
