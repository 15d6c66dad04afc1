import { type AlertRule, alertEvents } from '../../domain/alert.ts';
import type { JsonObject } from '../../domain/event.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

export interface AlertDoc extends JsonObject {
  rule: AlertRule;
  /** A person, or a pseudonym; of a reader of another's data, whose it was and who read it, with a slash between. */
  about: string;
  by: string;
  subject: string;
  count: number;
  since: string;
  raisedAt: string;
  status: 'open' | 'acknowledged';
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
  note: SealedJson | null;
}

export const alertList = view<AlertDoc, (typeof alertEvents)[number]>({
  name: 'alerts',
  version: 1,
  types: alertEvents,
  indexes: [['raisedAt'], ['status', 'raisedAt']],
  keys: ({ data }) => [data.alertId],
  fold: (known, { type, data, metadata: { time, actor, subject } }) => {
    if (type === 'AlertAcknowledged')
      return known && { ...known, status: 'acknowledged', acknowledgedBy: actor, acknowledgedAt: time, note: sealedJson(data.sealed) };
    const { rule, about, by, count, since } = data;
    return { rule, about, by, subject, count, since, raisedAt: time, status: 'open', acknowledgedBy: null, acknowledgedAt: null, note: null };
  },
});
