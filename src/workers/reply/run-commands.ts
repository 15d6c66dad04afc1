import { setTimeout as sleep } from 'node:timers/promises';
import { v4 } from 'uuid';
import type { CommandValue, Tell, Told } from '../../commands/command.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';

/** Tells a run's commands for its owner; what the store could not answer is repeated, word for word, until it does or the signal ends it. */
export function createRunTeller(tell: Tell, owner: PersonId, correlationId: string, signal: AbortSignal) {
  return async <Result>(command: CommandValue<Result>, commandId: string = v4()): Promise<Told<Result>> => {
    for (let attempt = 0; ; attempt++) {
      const told = await tell(annals(owner), command, { commandId, correlationId });
      const unsettled = !told.ok && ['StoreUnavailable', 'OutcomeUnknown', 'Conflict'].includes(told.error.code);
      if (!unsettled || signal.aborted) return told;
      await sleep(Math.min(5000, 50 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
    }
  };
}
