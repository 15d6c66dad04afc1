import { v5 } from 'uuid';
import { setFirstPassword } from '../../commands/account.ts';
import type { Told } from '../../commands/command.ts';
import { openIdentity } from '../../commands/identity.ts';
import { registerPerson } from '../../commands/person.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { credentialStream, credentials } from '../../domain/credential.ts';
import type { EventOf } from '../../domain/event.ts';
import { type AccountPromised, invitationStream, invitations } from '../../domain/invitation.ts';
import { personStream, persons } from '../../domain/person.ts';
import { type AccountParts, type Outcome, textsAt } from './parts.ts';

/** Makes whatever is missing of an account that was promised; as often as one likes, by whoever finds it. */
export type Completing = (invitationId: string) => Promise<Outcome>;

export function createCompleting(parts: Pick<AccountParts, 'tell' | 'loader' | 'store' | 'sealer'>): Completing {
  const { tell, loader, store } = parts;

  return async (invitationId) => {
    const stream = invitationStream(invitationId);
    const { promised } = (await loader.load(stream, invitations)).state;
    if (!promised) return { ok: true };
    for await (const recorded of store.read(stream, { from: promised.revision, max: 1 })) {
      const { data, id, metadata } = recorded as unknown as EventOf<typeof AccountPromised>;
      const { person, identity, origin, roles } = data;
      const about = { causationId: id, correlationId: metadata.$correlationId };
      const step = async (name: string, command: Parameters<typeof tell>[1]): Promise<Told<unknown>> =>
        tell(annals(person), command, { ...about, commandId: v5(name, id) });

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
      const made = registered ? undefined : await step('person', registerPerson({ person, via, roles, profile }));
      if (made?.ok === false && made.error.code !== 'AlreadyRegistered') return made;
      // The last one: with it what the invitation said is forgotten.
      const set = current ? undefined : await step('password', setFirstPassword({ person, identity, email, hash, promisedBy: id }));
      return set === undefined || set.ok || set.error.code === 'PasswordSetAlready' ? { ok: true } : set;
    }
    return { ok: true };
  };
}
