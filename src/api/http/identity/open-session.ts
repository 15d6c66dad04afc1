import { endSession, startSession } from '../../../commands/session.ts';
import { annals as annalsItself } from '../../../commands/settle-active-run.ts';
import type { PersonId, SessionId } from '../../../domain/ids.ts';
import { noteOf } from '../note.ts';
import { done } from '../outcome.ts';
import { HttpError } from '../problem.ts';
import type { Visit } from '../request.ts';
import { DISABLED } from './admission.ts';
import type { SessionCredential } from './session-keys.ts';

export type Visited = Pick<Visit, 'req' | 'annals' | 'kernel' | 'requestId'>;

export interface LoggedIn {
  /** A person that is registered. */
  readonly person: PersonId;
  /** How it has proved who it is: `password`, or `oidc:` and the key of the provider. */
  readonly method: string;
}

const DEVICE_LENGTH = 512;

/**
 * Opens a session for a person that has just proved who it is, and answers the `Set-Cookie` header that gives it to the browser (add it with
 * `res.appendHeader('Set-Cookie', setCookie)`). Everything after the proof is done here: a disabled person is refused (`Unauthenticated`), the session that
 * this browser had before ends, the log notes the login as `SessionOpened`. The caller has seen to it that no other site's page has sent the request.
 */
export async function openSession(visit: Visited, who: LoggedIn): Promise<{ readonly sessionId: SessionId; readonly setCookie: string }> {
  const { kernel, req } = visit;
  const opened = await start(visit, who, 'cookie');
  const before = kernel.keys.cookieOf(req);
  const replaced = before && (await kernel.identity.session(before.sessionId, before.proof));
  if (before && replaced !== undefined && typeof replaced !== 'string') await end(visit, before.sessionId, 'replaced', replaced.session.owner);
  return { sessionId: opened.sessionId, setCookie: kernel.keys.setCookie(req, opened.credential) };
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: { readonly token: string; readonly expires_at: string };
}

/** The same for a client that keeps no cookies: an access token of an hour, and a refresh token that is good once (`POST /aui/v1/auth/tokens/refresh`). */
export async function openTokenSession(visit: Visited, who: LoggedIn): Promise<TokenPair> {
  return pairOf(visit, await start(visit, who, 'refresh'), who.person);
}

export const RENEW_PREFIX = 'renew_';

/** Tokens for the session whose credential has just been made. */
export async function pairOf({ kernel }: Visited, { sessionId, credential }: SessionCredential, person: PersonId): Promise<TokenPair> {
  const { keys, tokens, identity } = kernel;
  const admitted = await identity.session(sessionId);
  if (typeof admitted === 'string') throw new HttpError('Unauthenticated', admitted);
  const { principal, expires } = admitted;
  const { token } = await tokens.access({ ...principal, id: person }, { sessionId, notAfter: expires });
  const time = new Date(keys.now()).toISOString();
  const ends = keys.endsAt({ openedAt: admitted.session.openedAt, usedAt: time });
  return { access_token: token, refresh_token: { token: RENEW_PREFIX + credential, expires_at: new Date(ends).toISOString() } };
}

async function start(visit: Visited, { person, method }: LoggedIn, kind: 'cookie' | 'refresh'): Promise<SessionCredential> {
  const { annals, kernel, req, requestId } = visit;
  kernel.identity.forget(person);
  if (await kernel.identity.isDisabled(person)) throw new HttpError('Unauthenticated', DISABLED);
  const made = kernel.keys.create();
  const { sessionId, proof } = made;
  const device = (req.headers['user-agent'] ?? '').slice(0, DEVICE_LENGTH);
  const told = done(
    await annals.tell(annalsItself(person), startSession({ sessionId, person, kind, method, proof, device }), { correlationId: requestId }),
  );
  kernel.ownWrites.wrote({ id: person, kind: 'person', roles: [] }, told.position);
  annals.security.record({ kind: 'login-succeeded', actor: person, target: sessionId, ...noteOf(visit) });
  return made;
}

async function end(visit: Visited, sessionId: SessionId, reason: 'logout' | 'replaced', person: PersonId): Promise<void> {
  const { annals, kernel, requestId } = visit;
  done(await annals.tell(annalsItself(person), endSession({ sessionId, reason }), { correlationId: requestId }));
  kernel.identity.forget(sessionId);
  if (reason === 'logout') annals.security.record({ kind: 'logged-out', actor: person, target: sessionId, ...noteOf(visit) });
}

/** Ends the session that the request came with, if there is one, and answers the `Set-Cookie` header that takes its cookie away. */
export async function closeSession(visit: Visited, sessionId: SessionId | undefined, person: PersonId | undefined): Promise<string> {
  if (sessionId !== undefined && person !== undefined) await end(visit, sessionId, 'logout', person);
  return visit.kernel.keys.setCookie(visit.req);
}
