import type { Loader } from '../adapters/event-store/loader.ts';
import { resolveOwner } from '../adapters/event-store/owner.ts';
import type { DomainError } from '../domain/decider.ts';
import type { PersonId } from '../domain/ids.ts';
import { LOCAL_PERSON, personStream, persons } from '../domain/person.ts';
import type { Principal } from '../domain/principal.ts';
import type { AnyCommand } from './command.ts';

const erased: DomainError = { code: 'PersonErased', message: 'This account has been erased: nothing can be done with it any more.' };
const restricted: DomainError = {
  code: 'ProcessingRestricted',
  message: 'The processing of your data is restricted, so no model is called: lift the restriction first, on the page “Your data”.',
};

/**
 * Why nothing of this person's is accepted, or not this; parts of Annals finish what has to be finished. Whoever sits at the machine is no account: once
 * what was theirs has been erased with the person who took it over, they write nothing of their own any more, but run the installation as before.
 */
export async function whyNot(
  loader: Loader,
  { id, kind }: Principal,
  { callsModel }: AnyCommand,
  input: unknown,
): Promise<((subject: PersonId) => DomainError | undefined) | undefined> {
  if (kind === 'service') return undefined;
  const { state } = await loader.load(personStream(id), persons);
  if (state.erased !== undefined) return (subject) => (id !== LOCAL_PERSON || subject === id ? erased : undefined);
  return state.restricted && callsModel?.(input) ? () => restricted : undefined;
}

/** Whether models may be called, texts indexed and titles made for this person now. */
export async function mayProcess(loader: Loader, person: PersonId): Promise<boolean> {
  const whose = (await resolveOwner(loader, { owner: person })) ?? person;
  const { erased: gone, restricted: held } = (await loader.load(personStream(whose), persons)).state;
  return gone === undefined && held === undefined;
}
