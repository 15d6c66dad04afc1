import { renewSession } from '../../../commands/session.ts';
import { annals as annalsItself } from '../../../commands/settle-active-run.ts';
import { noteOf } from '../note.ts';
import { HttpError } from '../problem.ts';
import { OVER } from './admission.ts';
import { pairOf, RENEW_PREFIX, type TokenPair, type Visited } from './open-session.ts';

/** New tokens for a refresh token of a session, which is void from then on; one that had been used before ends the session. Throws 401. */
export async function renewed(visit: Visited, refreshToken: string): Promise<TokenPair> {
  const { kernel, annals, requestId } = visit;
  const given = kernel.keys.read(refreshToken.slice(RENEW_PREFIX.length));
  const refuse = (): never => {
    annals.refusals.unauthenticated('Unauthenticated');
    throw new HttpError('Unauthenticated', OVER);
  };
  const admitted = given && (await kernel.identity.session(given.sessionId));
  if (!given || !admitted || typeof admitted === 'string') return refuse();
  const { owner } = admitted.session;
  const next = kernel.keys.create(given.sessionId);
  const told = await annals.tell(annalsItself(owner), renewSession({ sessionId: given.sessionId, presented: given.proof, next: next.proof }), {
    correlationId: requestId,
  });
  kernel.identity.forget(given.sessionId);
  if (!told.ok && told.error.code !== 'SessionOver' && told.error.code !== 'NotFound')
    throw new HttpError(told.error.code, told.error.message, told.error.details);
  if (told.ok && told.result.reused) annals.security.record({ kind: 'token-reused', subject: owner, target: given.sessionId, ...noteOf(visit) });
  if (!told.ok || told.result.reused) return refuse();
  return pairOf(visit, next, owner);
}
