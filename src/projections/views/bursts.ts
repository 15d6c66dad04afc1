import { AccessRefused, OthersDataRead, VISITORS } from '../../domain/access.ts';
import { SecurityDayClosed } from '../../domain/access-records.ts';
import { AlertRaised, type AlertRule, alertRules } from '../../domain/alert.ts';
import type { EventOf, JsonObject } from '../../domain/event.ts';
import { SecurityNoted } from '../../domain/security.ts';
import { view } from '../view.ts';

/** How often something happened of late, for one rule about one account, network, or reader of another's data. */
export interface BurstDoc extends JsonObject {
  rule: AlertRule;
  about: string;
  by: string;
  subject: string;
  /** The latest, as far back as the rule looks. */
  hits: { id: string; time: string; count: number }[];
  /** When it became an alert that has not been raised yet; empty where there is none. */
  dueAt: string;
  /** The event that made it one. */
  dueFor: string;
  dueCount: number;
  since: string;
  /** Until then nothing more is told. */
  quietUntil: string;
  /** Of the latest: what it is removed with. */
  day: string;
}

const counting = [SecurityNoted, AccessRefused, OthersDataRead, AlertRaised] as const;
const types = [...counting, SecurityDayClosed] as const;
type Seen = EventOf<(typeof counting)[number]>;
interface Hit {
  readonly rule: AlertRule;
  readonly about: string;
}

/** What is not there for a person, or is not for it; other refusals only say how things stand. */
const denials: ReadonlySet<string> = new Set(['NotFound', 'Forbidden']);
const failures: ReadonlySet<string> = new Set(['login-failed', 'account-locked', 'token-refused']);

function byAccount(event: Seen): Hit | undefined {
  const { actor, subject } = event.metadata;
  if (event.type === 'AlertRaised') return event.data.rule === 'failures-from-network' ? undefined : event.data;
  if (event.type === 'OthersDataRead') return { rule: 'others-data-read', about: `${subject}/${actor}` };
  if (event.type === 'AccessRefused') return denials.has(event.data.code) ? { rule: 'refusals-of-person', about: actor } : undefined;
  const { kind, network, target } = event.data;
  const account = subject !== VISITORS ? subject : target.startsWith('account_') ? target : '';
  if (kind === 'token-reused' || kind === 'address-blocked')
    return { rule: kind === 'token-reused' ? kind : 'addresses-blocked', about: account || network || actor };
  return failures.has(kind) && account !== '' ? { rule: 'failures-of-account', about: account } : undefined;
}

function byNetwork(event: Seen): Hit | undefined {
  if (event.type === 'AlertRaised') return event.data.rule === 'failures-from-network' ? event.data : undefined;
  if (event.type !== 'SecurityNoted' || event.data.network === '') return undefined;
  const { kind, network } = event.data;
  return failures.has(kind) || kind === 'rate-limited' ? { rule: 'failures-from-network', about: network } : undefined;
}

const plus = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();
const fresh = { day: '', hits: [], dueAt: '', dueFor: '', dueCount: 0, since: '', quietUntil: '' };

function counted(known: BurstDoc | undefined, hit: Hit, event: Exclude<Seen, { type: 'AlertRaised' }>): BurstDoc {
  const { time, actor, subject } = event.metadata;
  const { count: enough, withinMs, quietMs } = alertRules[hit.rule];
  const doc = known ?? { ...fresh, ...hit, by: actor, subject };
  if (doc.hits.some(({ id }) => id === event.id)) return doc;
  const from = plus(time, -withinMs);
  const one = { id: event.id, time, count: event.type === 'OthersDataRead' ? 1 : event.data.count };
  // Each counts at least once, so that more are never needed.
  const hits = [...doc.hits.filter((each) => each.time > from), one].slice(-enough);
  const dueCount = hits.reduce((sum, each) => sum + each.count, 0);
  const isQuiet = time < doc.quietUntil || (doc.dueAt !== '' && time < plus(doc.dueAt, quietMs));
  const day = time.slice(0, 10);
  if (dueCount < enough || isQuiet) return { ...doc, by: actor, day, hits };
  return { ...doc, by: actor, day, hits, dueAt: time, dueFor: event.id, dueCount, since: hits[0]?.time ?? time };
}

const burstsOf = (name: string, hitOf: (event: Seen) => Hit | undefined) =>
  view<BurstDoc, (typeof types)[number]>({
    name,
    version: 2,
    types,
    indexes: [['dueAt'], ['day']],
    keys: (event) => {
      if (event.type === 'SecurityDayClosed') return [{ index: 'day', value: event.data.day }];
      const hit = hitOf(event);
      return hit ? [`${hit.rule} ${hit.about}`] : [];
    },
    fold: (known, event) => {
      if (event.type === 'SecurityDayClosed') return 'delete';
      const hit = hitOf(event);
      if (!hit) return undefined;
      if (event.type !== 'AlertRaised') return counted(known, hit, event);
      return known && { ...known, hits: [], dueAt: '', quietUntil: plus(known.dueAt || event.metadata.time, alertRules[hit.rule].quietMs) };
    },
  });

/** What becomes an alert is found by a fold: whoever looks finds the same, and after a rebuild it is there again. */
export const accountBursts = burstsOf('account-bursts', byAccount);
export const networkBursts = burstsOf('network-bursts', byNetwork);
