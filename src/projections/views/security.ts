import { AccessRefused, AnonymousRefusalsCounted, OthersDataRead } from '../../domain/access.ts';
import { AccessRecordsErased } from '../../domain/access-records.ts';
import { AlertRaised } from '../../domain/alert.ts';
import type { JsonObject } from '../../domain/event.ts';
import { SecurityKind, SecurityNoted } from '../../domain/security.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** What is noted, and what Annals finds in it. */
export const securityKinds = [...SecurityKind.options, 'others-data-read', 'alert-raised'] as const;
export type SecurityViewKind = (typeof securityKinds)[number];

/** One thing that those who watch over the installation have to know of. */
export interface SecurityDoc extends JsonObject {
  time: string;
  kind: SecurityViewKind;
  actor: string;
  /** Whose account or data it is about. */
  subject: string;
  /** A route, or the name of a command, query, topic or worker. */
  door: string;
  reason: string;
  target: string;
  network: string;
  count: number;
  correlationId: string;
  /** The network itself, and what it was about: for administrators. */
  details: SealedJson | null;
  /** What it is removed with. */
  stream: string;
}

const types = [SecurityNoted, AccessRefused, AnonymousRefusalsCounted, OthersDataRead, AlertRaised, AccessRecordsErased] as const;

export const security = view<SecurityDoc, (typeof types)[number]>({
  name: 'security',
  version: 2,
  types,
  indexes: [['_pos'], ['kind', '_pos'], ['actor', '_pos'], ['subject', '_pos'], ['network', '_pos'], ['time'], ['stream']],
  keys: ({ id, type, data }) => (type === 'AccessRecordsErased' ? [{ index: 'stream', value: data.stream }] : [id]),
  fold: (_doc, event) => {
    if (event.type === 'AccessRecordsErased') return 'delete';
    const { time, actor, subject, $correlationId: correlationId } = event.metadata;
    const common = {
      stream: event.stream,
      time,
      actor,
      subject,
      correlationId,
      door: '',
      reason: '',
      target: '',
      network: '',
      count: 1,
      details: null,
    };
    switch (event.type) {
      case 'SecurityNoted': {
        const { kind, door, reason, target, network, count, sealed } = event.data;
        return { ...common, kind, door, reason, target, network, count, details: sealedJson(sealed) };
      }
      case 'AccessRefused': {
        const { what, code, target, count } = event.data;
        return { ...common, kind: 'access-denied', door: what, reason: code, target, count };
      }
      case 'AnonymousRefusalsCounted': {
        const counts = Object.entries(event.data.counts);
        const [only] = counts;
        return {
          ...common,
          kind: 'access-denied',
          reason: counts.length === 1 && only ? only[0] : 'Various',
          count: counts.reduce((sum, [, count]) => sum + count, 0),
        };
      }
      case 'OthersDataRead':
        return { ...common, kind: 'others-data-read', door: event.data.what, target: event.data.target };
      case 'AlertRaised': {
        const { rule, alertId, about, count } = event.data;
        return {
          ...common,
          kind: 'alert-raised',
          actor: event.data.by,
          reason: rule,
          target: alertId,
          network: about.startsWith('net_') ? about : '',
          count,
        };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
