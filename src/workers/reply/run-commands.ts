import { setTimeout as sleep } from 'node:timers/promises';
import { v4 } from 'uuid';
import type { CommandValue, Tell, Told } from '../../commands/command.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';

const ATTEMPTS_AFTER_SIGNAL = 3;

export type RunTell = ReturnType<typeof createRunTeller>;

/** False when another worker has the run by now, or it has ended. Throws for any other refusal: nobody would take the run any further. */
export function isDone<Result>(told: Told<Result>): told is Extract<Told<Result>, { ok: true }> {
  if (!told.ok && told.error.code !== 'Superseded') throw new Error(`${told.error.code}: ${told.error.message}`);
  return told.ok;
}

/**
 * Tells a run's commands for its owner; what the store could not answer is repeated, word for word, so that a command of a random id is never told as two.
 * After the signal it is tried a few times more, so that an end can still be written.
 */
export function createRunTeller(tell: Tell, owner: PersonId, correlationId: string, signal: AbortSignal, causationId?: string) {
  return async <Result>(command: CommandValue<Result>, commandId: string = v4()): Promise<Told<Result>> => {
    let last = 0;
    for (let attempt = 0; ; attempt++) {
      const told = await tell(annals(owner), command, { commandId, correlationId, ...(causationId === undefined ? {} : { causationId }) });
      const unsettled = !told.ok && ['StoreUnavailable', 'OutcomeUnknown', 'Conflict'].includes(told.error.code);
      if (!unsettled || (signal.aborted && ++last >= ATTEMPTS_AFTER_SIGNAL)) return told;
      await sleep(Math.min(5000, 50 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
    }
  };
}
