import { z } from 'zod';
import { ADMINISTRATION, type Administration, administration } from '../domain/administration.ts';
import { PersonId } from '../domain/ids.ts';
import { type Logins, logins, loginsStream } from '../domain/logins.ts';
import { LOCAL_PERSON, type Person, personStream, persons } from '../domain/person.ts';
import { LoginMethod } from '../domain/session.ts';
import { command, type Policy } from './command.ts';
import { annalsOnly, namedPerson } from './policy.ts';

const identity = { person: PersonId, identity: z.string().min(1).max(128) };
const about = {
  stream: ({ person }: { person: PersonId }) => loginsStream(person),
  aggregate: logins,
  subject: ({ person }: { person: PersonId }) => person,
};
/** Of oneself only: not even an administrator takes somebody's way in. */
const ownLogin: Policy<{ person: PersonId }, Logins> = (request) => {
  if (request.principal.kind === 'service') return 'allow';
  if (request.input.person !== request.principal.id) return 'notFound';
  return request.principal.scopes === undefined
    ? namedPerson(request)
    : { code: 'Forbidden', message: 'A restricted token changes no way to log in.' };
};

/** `again` where somebody has asked for it just now; a login by itself brings back nothing that was removed. */
export const addLogin = command('addLogin', {
  input: z.object({ ...identity, method: LoginMethod, account: z.string().max(320), again: z.boolean() }),
  ...about,
  policy: annalsOnly as Policy<unknown, Logins>,
});
/** The identity itself is released afterwards. Never the last one. */
export const removeLogin = command('removeLogin', { input: z.object(identity), ...about, policy: ownLogin });

export const appointFirstAdministrator = command('appointFirstAdministrator', {
  input: z.object({ person: PersonId }),
  stream: () => ADMINISTRATION,
  aggregate: administration,
  subject: ({ person }) => person,
  policy: annalsOnly as Policy<unknown, Administration>,
});

/** What was the local person's is somebody's with a login from now on. Only Annals itself, and whoever runs it, may say whose. */
export const claimLocal = command('claimLocal', {
  input: z.object({ by: PersonId }),
  stream: () => personStream(LOCAL_PERSON),
  aggregate: persons,
  subject: () => LOCAL_PERSON,
  policy: (({ principal }) =>
    principal.kind === 'service' || (principal.id === LOCAL_PERSON && principal.roles.includes('administrator'))
      ? 'allow'
      : { code: 'Forbidden', message: 'Only whoever runs this installation may do this: `annals claim-local`.' }) as Policy<unknown, Person>,
});
