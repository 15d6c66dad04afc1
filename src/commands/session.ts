import { z } from 'zod';
import { PersonId, SessionId } from '../domain/ids.ts';
import { LoginMethod, type Session, SessionEndReason, SessionKind, sessionStream, sessions } from '../domain/session.ts';
import { command, type Policy } from './command.ts';
import { administratorsOnly, annalsOnly, namedPerson } from './policy.ts';

const about = { stream: ({ sessionId }: { sessionId: SessionId }) => sessionStream(sessionId), aggregate: sessions };
const session = { sessionId: SessionId };

/** Its own person's, or an administrator's; a token that is restricted ends none, as it makes none. */
const ownOrAdministrator: Policy<unknown, Session> = (request) => {
  const { principal, owner } = request;
  if (owner === undefined) return 'notFound';
  if (principal.scopes !== undefined) return { code: 'Forbidden', message: 'A restricted token ends no sessions.' };
  return owner === principal.id ? namedPerson(request) : administratorsOnly(request) === 'allow' ? 'allow' : 'notFound';
};

/** The door has seen proof of who it is. */
export const startSession = command('startSession', {
  input: z.object({
    ...session,
    person: PersonId,
    kind: SessionKind,
    method: LoginMethod,
    proof: z.string(),
    device: z.string().max(512),
  }),
  ...about,
  policy: annalsOnly as Policy<unknown, Session>,
  subject: ({ person }) => person,
});
export const recordSessionUse = command('recordSessionUse', {
  input: z.object(session),
  ...about,
  policy: annalsOnly as Policy<unknown, Session>,
});
/** Answers whether the refresh token had been used before: then the session is over instead. */
export const renewSession = command('renewSession', {
  input: z.object({ ...session, presented: z.string(), next: z.string() }),
  ...about,
  policy: annalsOnly as Policy<unknown, Session>,
  result: (events) => ({ reused: events.some(({ type }) => type === 'SessionEnded') }),
});
export const endSession = command('endSession', {
  input: z.object({ ...session, reason: SessionEndReason.default('revoked') }),
  ...about,
  policy: ownOrAdministrator,
});
