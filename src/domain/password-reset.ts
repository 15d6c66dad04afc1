import { z } from 'zod';
import { ResetId } from './credential.ts';
import type { Decider } from './decider.ts';
import { type EventOf, event } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** Somebody asked for it, for an address that may be nobody's: `identity` is the name that the address would have. */
export const PasswordResetAsked = event('PasswordResetAsked', 1, { resetId: ResetId, identity: z.string() });
export const passwordResetEvents = [PasswordResetAsked] as const;

export const resetStream = (resetId: string): string => `reset-${resetId}`;

export interface AskPasswordReset {
  name: 'askPasswordReset';
  resetId: string;
  identity: string;
}

export const passwordResets: Decider<{ asked: boolean }, AskPasswordReset, EventOf<typeof PasswordResetAsked>> = {
  initialState: () => ({ asked: false }),
  evolve: (state) => Object.assign(state, { asked: true }),
  decide: ({ resetId, identity }, { asked }) => (asked ? [] : [PasswordResetAsked({ resetId, identity })]),
};
