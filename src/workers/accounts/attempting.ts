import { v4 } from 'uuid';
import { forgiveAttempt, makeAttempt } from '../../commands/account.ts';
import type { Tell } from '../../commands/command.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { DomainError } from '../../domain/decider.ts';
import type { PersonId } from '../../domain/ids.ts';

export interface Attempt {
  /** It was right: it does not count, and what was wrong before under the last of its keys is forgiven. */
  forgive(): Promise<void>;
}
export type Attempting = (keys: readonly string[]) => Promise<{ readonly ok: true; readonly attempt: Attempt } | { ok: false; error: DomainError }>;

const VISITORS = annals('person_visitors' as PersonId);

/**
 * Counts an attempt under each of the keys before it is made, the first that has had too many refuses it; those after it are not counted then, so that who is
 * refused as one client cannot go on to shut out whom it tries. The counts are events, so that all nodes see the same.
 */
export const createAttempting =
  (tell: Tell): Attempting =>
  async (keys) => {
    const attemptId = v4();
    for (const key of keys) {
      const told = await tell(VISITORS, makeAttempt({ key, attemptId }));
      if (!told.ok) return told;
    }
    const forgive = async (): Promise<void> => {
      await Promise.all(keys.map((key) => tell(VISITORS, forgiveAttempt({ key, attemptId, all: key === keys.at(-1) }))));
    };
    return { ok: true, attempt: { forgive } };
  };
