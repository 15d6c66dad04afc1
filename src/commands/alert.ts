import { z } from 'zod';
import { AlertRaised, AlertRule, alertStream, alerts } from '../domain/alert.ts';
import { IsoTime, PersonId } from '../domain/ids.ts';
import { command } from './command.ts';
import { administratorsOnly, annalsOnly } from './policy.ts';

const alertId = AlertRaised.schema.shape.alertId;
const written = { stream: ({ alertId: id }: { alertId: string }) => alertStream(id), aggregate: alerts };

/** The subject is whom it concerns, so that it goes when that person is forgotten. */
export const raiseAlert = command('raiseAlert', {
  input: z.object({ alertId, rule: AlertRule, about: z.string(), by: PersonId, subject: PersonId, count: z.number().int(), since: IsoTime }),
  ...written,
  policy: annalsOnly,
  subject: ({ subject }) => subject,
});
export const acknowledgeAlert = command('acknowledgeAlert', {
  input: z.object({ alertId, note: z.string().max(1000).default('') }),
  ...written,
  policy: administratorsOnly,
});
