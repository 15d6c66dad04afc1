import { z } from 'zod';
import type { Condition, Filter } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { IsoTime, PersonId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { alertList } from '../views/alerts.ts';
import { security, securityKinds } from '../views/security.ts';
import { pageFields, pageOptions } from './page.ts';
import { auditorsOnly } from './policy.ts';
import { securityItem } from './security-item.ts';

const MOST = 500;
const USUAL = 50;
const Note = z.object({ note: z.string() });
const Place = z.string().regex(/^\d{20}$/, 'must be `next` of an answer');

/** What those who watch over the installation have to know of: the latest first, or what came after a place, the oldest first. */
export const listSecurityEvents = query('listSecurityEvents', {
  input: z.object({
    kind: z.enum(securityKinds).optional(),
    person: PersonId.optional().describe('Who did it, or whose account or data it is about.'),
    network: z
      .string()
      .regex(/^net_[\w-]{22}$/)
      .optional()
      .describe('The pseudonym of a network, the same for one day.'),
    from: IsoTime.optional(),
    to: IsoTime.optional().describe('Exclusive.'),
    cursor: Place.optional(),
    after: Place.optional().describe('Instead of a cursor: only what came after this `next`, the oldest first.'),
    limit: z.coerce.number().int().min(1).max(MOST).optional(),
  }),
  policy: auditorsOnly,
  views: [security],
  run: async ({ person, kind, network, from, to, cursor, after, limit = USUAL }, { views, principal, open }) => {
    const isWatching = after !== undefined;
    const times = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
    const place = isWatching ? { gt: after } : cursor === undefined ? undefined : { lt: cursor };
    const common: Record<string, Condition> = {
      ...(kind === undefined ? {} : { kind }),
      ...(network === undefined ? {} : { network }),
      ...(Object.keys(times).length === 0 ? {} : { time: times }),
      ...(place ? { _pos: place } : {}),
    };
    const whom: readonly Record<string, Condition>[] = person === undefined ? [{}] : [{ actor: person }, { subject: person, actor: { not: person } }];
    const options = { sort: [['_pos', isWatching ? 'asc' : 'desc']], limit } as const;
    const found = await Promise.all(whom.map((each) => views.find(security, { ...common, ...each } as Filter, options)));
    const all = found.flatMap(({ documents }) => documents).toSorted((one, other) => (one.position > other.position === isWatching ? 1 : -1));
    const page = all.slice(0, limit);
    const more = all.length > page.length || found.some(({ next }) => next !== undefined);
    const next = isWatching ? (page.at(-1)?.position ?? after) : more ? page.at(-1)?.position : undefined;
    const events = await Promise.all(page.map((document) => securityItem(document, principal, open)));
    return { events, ...(next === undefined ? {} : { next }) };
  },
});

/** What Annals found in them, the latest first. */
export const listAlerts = query('listAlerts', {
  input: z.object({ status: z.enum(['open', 'acknowledged']).optional(), ...pageFields(MOST) }),
  policy: auditorsOnly,
  views: [alertList],
  run: async ({ status, ...page }, { views, open }) => {
    const found = await views.find(alertList, status === undefined ? {} : { status }, { sort: [['raisedAt', 'desc']], ...pageOptions(page, USUAL) });
    const alerts = found.documents.map(async ({ id, doc: { note, ...doc } }) => {
      const opened = note === null ? { note: null } : await open(note);
      return { alertId: id, ...doc, note: isUnopened(opened) || note === null ? null : Note.parse(opened).note };
    });
    return { alerts: await Promise.all(alerts), ...(found.next === undefined ? {} : { next: found.next }) };
  },
});
