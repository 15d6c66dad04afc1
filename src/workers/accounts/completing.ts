import { v5 } from 'uuid';
import { setFirstPassword } from '../../commands/account.ts';
import type { CommandValue, Told } from '../../commands/command.ts';
import { openIdentity } from '../../commands/identity.ts';
import { addLogin, appointFirstAdministrator, claimLocal } from '../../commands/login.ts';
import { registerPerson } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { credentialStream, credentials } from '../../domain/credential.ts';
import type { EventOf } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type AccountPromised, invitationStream, invitations } from '../../domain/invitation.ts';
import { personStream, persons } from '../../domain/person.ts';
import { type AccountParts, type Outcome, textsAt } from './parts.ts';

/** Makes whatever is missing of an account that was promised; as often as one likes, by whoever finds it. */
export type Completing = (invitationId: string) => Promise<Outcome>;

type Step = (name: string, command: CommandValue<unknown>) => Promise<Told<unknown>>;

/** As with any login: the first of all has what was the local person's, and administers. */
async function becomesFirst(person: PersonId, step: Step): Promise<boolean> {
  const appointed = await step('first', appointFirstAdministrator({ person }));
  if (appointed.ok) await step('local', claimLocal({ by: person }));
  return appointed.ok;
}

/** `first`: whether whoever registers first becomes the administrator. */
export function createCompleting(parts: Pick<AccountParts, 'tell' | 'loader' | 'store' | 'sealer'> & { readonly first: boolean }): Completing {
  const { tell, loader, store } = parts;

  return async (invitationId) => {
    const stream = invitationStream(invitationId);
    const { promised } = (await loader.load(stream, invitations)).state;
    if (!promised) return { ok: true };
    for await (const recorded of store.read(stream, { from: promised.revision, max: 1 })) {
      const { data, id, metadata } = recorded as unknown as EventOf<typeof AccountPromised>;
      const { person, identity, origin, roles } = data;
      const about = { causationId: id, correlationId: metadata.$correlationId };
      const step: Step = (name, command) => tell(annals(person), command, { ...about, commandId: v5(name, id) });

      const opened = await step('identity', openIdentity({ identity, person }));
      if (!opened.ok) return opened;
      const { current } = (await loader.load(credentialStream(person), credentials)).state;
      const { registered } = (await loader.load(personStream(person), persons)).state;
      if (current && registered) return { ok: true };
      const texts = await textsAt(parts, stream, promised, current ? [] : ['hash']);
      if (!texts) return { ok: true };
      const { email = '', name = '', hash = '' } = texts;
      const via = origin === 'registration' ? 'registration' : 'invitation';
      const profile = { email, ...(name === '' ? {} : { name }) };
      const added = await step('login', addLogin({ person, identity, method: 'password', account: email, again: false }));
      if (!added.ok) return added;
      const isFirst = parts.first && origin === 'registration' && !registered && (await becomesFirst(person, step));
      const all = isFirst ? [...new Set(['administrator' as const, ...roles])] : roles;
      const made = registered ? undefined : await step('person', registerPerson({ person, via, roles: all, profile }));
      if (made?.ok === false && made.error.code !== 'AlreadyRegistered') return made;
      // The last one: with it what the invitation said is forgotten.
      const set = current ? undefined : await step('password', setFirstPassword({ person, identity, email, hash, promisedBy: id }));
      return set === undefined || set.ok || set.error.code === 'PasswordSetAlready' ? { ok: true } : set;
    }
    return { ok: true };
  };
}
