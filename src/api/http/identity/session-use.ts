import { recordSessionUse } from '../../../commands/session.ts';
import { annals as annalsItself } from '../../../commands/settle-active-run.ts';
import type { SessionId } from '../../../domain/ids.ts';
import { isUseDue } from '../../../domain/session.ts';
import type { Annals } from '../../annals.ts';
import type { KnownSession } from './admission.ts';
import type { SessionKeys } from './session-keys.ts';

/** Notes uses of sessions, each at most once an hour; nobody waits for it, and what cannot be stored now is noted at the next use. */
export function recordUse(
  annals: Annals,
  keys: SessionKeys,
  onNoted: (sessionId: SessionId) => void,
): (sessionId: SessionId, session: KnownSession) => void {
  const noting = new Set<SessionId>();
  return (sessionId, { owner, usedAt }) => {
    if (!isUseDue(usedAt, keys.now()) || noting.has(sessionId)) return;
    noting.add(sessionId);
    void annals
      .tell(annalsItself(owner), recordSessionUse({ sessionId }))
      .then(
        () => onNoted(sessionId),
        () => undefined,
      )
      .finally(() => noting.delete(sessionId));
  };
}
