import { setTimeout as sleep } from 'node:timers/promises';
import { v5 } from 'uuid';
import type { Loader } from '../adapters/event-store/loader.ts';
import type { Tell } from '../commands/command.ts';
import { parkReaction, skipReaction } from '../commands/reaction.ts';
import type { RecordedEvent } from '../domain/event.ts';
import { ANNALS } from '../domain/person.ts';
import type { Principal } from '../domain/principal.ts';
import { type Parked, reactionStream, reactions } from '../domain/reaction.ts';
import type { Reaction } from './reaction.ts';

export interface ParkingParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly backoff: (attempt: number) => number;
  readonly onProblem?: (reaction: string, event: RecordedEvent | undefined, reason: string) => void;
}

export interface GivenUp {
  readonly reaction: Reaction;
  readonly event: RecordedEvent;
  /** 0: it was not tried, because an earlier event of its stream is parked. */
  readonly attempts: number;
  readonly reason: string;
  /** What brought the event back, where it was parked before. */
  readonly occasion?: string;
}

export interface Parking {
  of(reaction: Reaction): Promise<Parked>;
  /**
   * Records that a reaction has given up on an event, and resolves once that is stored: only then may the event count as dealt with. `again`: nothing stands
   * before it any more; `aborted`: nothing was recorded.
   */
  giveUp(verb: 'park' | 'skip', what: GivenUp, signal: AbortSignal): Promise<'recorded' | 'again' | 'aborted'>;
}

const worker: Principal = { id: ANNALS, kind: 'service', roles: [] };
const unsettled: ReadonlySet<string> = new Set(['StoreUnavailable', 'OutcomeUnknown', 'Conflict']);

/** The parked events of every reaction. */
export function createParking({ tell, loader, backoff, onProblem }: ParkingParts): Parking {
  return {
    of: async ({ name }) => (await loader.load(reactionStream(name), reactions)).state,
    async giveUp(verb, { reaction, event, attempts, reason, occasion = '' }, signal) {
      onProblem?.(reaction.name, event, reason);
      const { id: eventId, type: eventType, stream } = event;
      const cause = { reaction: reaction.name, eventId, eventType, stream, revision: String(event.revision), attempts, reason };
      const command = verb === 'park' ? parkReaction(cause) : skipReaction(cause);
      const commandId = v5(`${verb} ${reaction.name} ${occasion}`, eventId);
      for (let attempt = 1; !signal.aborted; attempt++) {
        const told = await tell(worker, command, { commandId, causationId: eventId, correlationId: event.metadata.$correlationId });
        if (told.ok || told.error.code === 'IdempotencyMismatch') return 'recorded';
        if (told.error.code === 'Superseded') return 'again';
        if (!unsettled.has(told.error.code)) throw new Error(`${told.error.code}: ${told.error.message}`);
        await sleep(backoff(attempt), undefined, { signal }).catch(() => undefined);
      }
      return 'aborted';
    },
  };
}
