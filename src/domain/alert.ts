import { z } from 'zod';
import { VISITORS } from './access.ts';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event, sealed } from './event.ts';
import { IsoTime, PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster. Rules may be added.

export const AlertRule = z.enum([
  'failures-of-account',
  'failures-from-network',
  'refusals-of-person',
  'token-reused',
  'addresses-blocked',
  'others-data-read',
]);
export type AlertRule = z.infer<typeof AlertRule>;

const MINUTE = 60_000;
/** So many within so long is an alert; the next one of the same rule about the same is told only after the quiet time. All in ms. */
export const alertRules: Readonly<Record<AlertRule, { readonly count: number; readonly withinMs: number; readonly quietMs: number }>> = {
  'failures-of-account': { count: 10, withinMs: 15 * MINUTE, quietMs: 60 * MINUTE },
  'failures-from-network': { count: 30, withinMs: 15 * MINUTE, quietMs: 60 * MINUTE },
  'refusals-of-person': { count: 100, withinMs: 15 * MINUTE, quietMs: 60 * MINUTE },
  'token-reused': { count: 1, withinMs: MINUTE, quietMs: 10 * MINUTE },
  'addresses-blocked': { count: 5, withinMs: 15 * MINUTE, quietMs: 60 * MINUTE },
  'others-data-read': { count: 1, withinMs: MINUTE, quietMs: 24 * 60 * MINUTE },
};

const alertId = z.string().regex(/^alert_[0-9a-f]{32}$/);
/** `about` is a person, or a pseudonym of a network or of what a stranger called itself; `by` is who did it, where that is known. */
export const AlertRaised = event('AlertRaised', 1, {
  alertId,
  rule: AlertRule,
  about: z.string(),
  by: PersonId,
  count: z.number().int(),
  since: IsoTime,
});
export const AlertAcknowledged = event('AlertAcknowledged', 1, { alertId, ...sealed({ note: z.string().max(1000) }) });
export const alertEvents = [AlertRaised, AlertAcknowledged] as const;
type AlertEvent = EventOf<(typeof alertEvents)[number]>;

export type AlertCommand =
  | { name: 'raiseAlert'; alertId: string; rule: AlertRule; about: string; by: PersonId; count: number; since: string }
  | { name: 'acknowledgeAlert'; alertId: string; note: string };

export const alertStream = (id: string): string => `alert-${id}`;

export interface Alert {
  /** Whom it concerns, where that is somebody with a name: what is noted about it goes with that person. */
  owner?: PersonId;
  raised: boolean;
  acknowledged: boolean;
}

export const alerts: Decider<Alert, AlertCommand, AlertEvent> = {
  initialState: () => ({ raised: false, acknowledged: false }),
  evolve: (state, { type, metadata: { subject } }) => {
    if (type === 'AlertRaised') {
      state.raised = true;
      if (subject !== VISITORS) state.owner = subject;
    } else state.acknowledged = true;
    return state;
  },
  decide: (command, { raised, acknowledged }) => {
    if (command.name === 'raiseAlert') {
      const { name: _, ...said } = command;
      return raised ? [] : [AlertRaised(said)];
    }
    if (!raised) return refuse('NotFound', 'There is no such alert.');
    return acknowledged ? [] : [AlertAcknowledged({ alertId: command.alertId, note: command.note })];
  },
};
