import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const of = { attemptId: z.string() };
/** Counts as failed until it is known to be right, so that attempts side by side are no more than attempts one after the other. */
export const AttemptMade = event('AttemptMade', 1, of);
/** `all`: those before it are forgiven too, because whoever it was is known now. */
export const AttemptForgiven = event('AttemptForgiven', 1, { ...of, all: z.boolean() });
export const attemptEvents = [AttemptMade, AttemptForgiven] as const;
type AttemptEvent = EventOf<(typeof attemptEvents)[number]>;

export interface Attempts {
  /** Of those not forgiven, the latest last. */
  failed: readonly { readonly attemptId: string; readonly at: string }[];
}
export type AttemptCommand =
  | { name: 'makeAttempt'; key: string; attemptId: string }
  | { name: 'forgiveAttempt'; key: string; attemptId: string; all: boolean };

/** `key` stands for what is attempted, or from where, without saying it. */
export const attemptStream = (key: string): string => `attempts-${key}`;

export const MOST_ATTEMPTS = 10;
export const ATTEMPT_WINDOW_MS = 15 * 60_000;

const sinceWindow = (time: string): string => new Date(Date.parse(time) - ATTEMPT_WINDOW_MS).toISOString();

export const attempts: Decider<Attempts, AttemptCommand, AttemptEvent> = {
  initialState: () => ({ failed: [] }),
  evolve: ({ failed }, { type, data, metadata: { time } }) => {
    if (type === 'AttemptForgiven') return { failed: data.all ? [] : failed.filter(({ attemptId }) => attemptId !== data.attemptId) };
    return { failed: [...failed.slice(1 - MOST_ATTEMPTS), { attemptId: data.attemptId, at: time }] };
  },
  decide: (command, { failed }, { now }) => {
    const { attemptId } = command;
    if (command.name === 'forgiveAttempt') return failed.length > 0 ? [AttemptForgiven({ attemptId, all: command.all })] : [];
    const recent = failed.filter(({ at }) => at > sinceWindow(now));
    const [first] = recent;
    if (recent.length < MOST_ATTEMPTS || first === undefined) return [AttemptMade({ attemptId })];
    const retryAfter = Math.max(1, Math.ceil((Date.parse(first.at) + ATTEMPT_WINDOW_MS - Date.parse(now)) / 1000));
    return refuse('RateLimited', 'Too many attempts: wait, then try again.', { retryAfter });
  },
};
