import type { BrokerMessage } from '../../adapters/broker/port.ts';
import type { Position } from '../../adapters/event-store/port.ts';

/** What came of one batch of the log. */
export interface Portion {
  readonly messages: readonly BrokerMessage[];
  /** When the first of its public events happened. */
  readonly since?: string;
  /** Where the log has been read to, and the last event on the way there. */
  readonly reached?: {
    readonly position: Position;
    readonly last?: { readonly stream: string; readonly revision: string; readonly id: string };
  };
  /** Why the event after this cannot be published, nor anything behind it, and when that one happened. */
  readonly halt?: { readonly reason: string; readonly since: string };
}

/** Between reading and publishing: what has been read ahead, so that neither waits for the other more than it must. */
export interface Intake {
  /** Resolves when there is room for more. */
  put(portion: Portion): Promise<void>;
  /** All there is, up to a batch's size; empty when nothing came for so many ms, `undefined` when nothing will come any more. Throws what it was closed with. */
  take(waitMs: number): Promise<readonly Portion[] | undefined>;
  /** When the oldest public event in it happened. */
  since(): string | undefined;
  close(error?: unknown): void;
}

/** Messages in one batch, unless a single portion has more. */
const BATCH = 2000;
const HELD = 2 * BATCH;

export function createIntake(): Intake {
  const portions: Portion[] = [];
  let held = 0;
  let failure: { readonly error: unknown } | undefined;
  let closed = false;
  let wake: () => void = () => undefined;
  let makeRoom: () => void = () => undefined;

  const something = (waitMs: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  };

  return {
    async put(portion) {
      portions.push(portion);
      held += portion.messages.length;
      wake();
      while (held >= HELD && !closed) await new Promise<void>((resolve) => (makeRoom = resolve));
    },
    async take(waitMs) {
      if (portions.length === 0 && !closed) await something(waitMs);
      if (failure) throw failure.error;
      if (portions.length === 0 && closed) return undefined;
      const taken: Portion[] = [];
      for (let size = 0; portions[0] && (taken.length === 0 || size + portions[0].messages.length <= BATCH); ) {
        size += portions[0].messages.length;
        taken.push(...portions.splice(0, 1));
      }
      held -= taken.reduce((sum, { messages }) => sum + messages.length, 0);
      makeRoom();
      return taken;
    },
    since: () => portions.find(({ since }) => since !== undefined)?.since,
    close(error) {
      closed = true;
      if (error !== undefined) failure = { error };
      wake();
      makeRoom();
    },
  };
}
