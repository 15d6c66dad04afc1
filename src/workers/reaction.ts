import type { RecordedEvent } from '../domain/event.ts';

/** What to do about an event that could not be dealt with. Throwing is a bug and counts as `retry`. */
export type Verdict =
  | { readonly verb: 'done' }
  /** Try again; after some attempts it is parked. `unlimited`: nothing is wrong with the event, so never parked. */
  | { readonly verb: 'retry'; readonly reason: string; readonly unlimited?: boolean }
  | { readonly verb: 'skip'; readonly reason: string }
  | { readonly verb: 'park'; readonly reason: string }
  /** Something is wrong with us: the reaction stands still until the next start. */
  | { readonly verb: 'stop'; readonly reason: string };

export const done: Verdict = { verb: 'done' };

/** Something that happens because of events: at least once, in order per stream. */
export interface Reaction {
  readonly name: string;
  readonly types: readonly string[];
  /** Where a reaction begins that has never run here. */
  readonly from: 'start' | 'now';
  /** Resolves when the event is dealt with or its effect is open; never after the effect's whole length. After the signal nothing long is begun. */
  readonly handle: (event: RecordedEvent, signal: AbortSignal) => Promise<Verdict>;
}

/** What a failed `tell` of a reaction means for its event. */
export const verdictOf = (error: { code: string; message: string }): Verdict => {
  switch (error.code) {
    case 'StoreUnavailable':
    case 'OutcomeUnknown':
    case 'Conflict':
      return { verb: 'retry', reason: error.message, unlimited: true };
    case 'NotFound':
    case 'Superseded':
      return done;
    default:
      return { verb: 'park', reason: `${error.code}: ${error.message}` };
  }
};
