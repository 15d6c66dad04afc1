import { z } from 'zod';
import type { Condition, Filter, StoredDocument } from '../../adapters/document-store/port.ts';
import { IsoTime, PersonId } from '../../domain/ids.ts';
import { query } from '../query.ts';
import { type AuditDoc, audit, resourceOf } from '../views/audit.ts';
import { pageFields, pageOptions } from './page.ts';
import { auditorsOnly } from './policy.ts';

const MOST = 500;
const USUAL = 50;

const Place = z.string().regex(/^\d{20}$/, 'must be `next` of an answer');

/** What somebody did, was refused or was shown. */
export const listAudit = query('listAudit', {
  input: z.object({
    person: PersonId.optional().describe('Who did it, or whose data it is.'),
    as: z.enum(['actor', 'subject']).optional().describe('Only what the person did, or only what was done to the person’s data.'),
    action: z
      .string()
      .max(255)
      .optional()
      .describe('The type of an event, or the name of a command or query that was refused or that showed another’s data.'),
    outcome: z.enum(['done', 'refused', 'read']).optional(),
    resource: z.string().max(255).optional().describe('A stream, or an id such as thread_… or person_….'),
    correlationId: z.string().max(255).optional(),
    from: IsoTime.optional(),
    to: IsoTime.optional().describe('Exclusive.'),
    cursor: Place.optional(),
    /** Instead of a cursor. */
    after: Place.optional().describe('Only what came after this `next`, the oldest first: for whoever watches, again and again.'),
    limit: z.coerce.number().int().min(1).max(MOST).optional(),
  }),
  policy: auditorsOnly,
  needs: 'audit.view',
  views: [audit],
  run: async ({ person, as, action, outcome, resource, correlationId, from, to, cursor, after, limit = USUAL }, { views }) => {
    const stream = resource === undefined ? undefined : resourceOf(resource);
    const isOfRun = stream?.startsWith('run-') === true;
    const common = given<Condition>({
      action,
      outcome,
      [isOfRun ? 'stream' : 'resource']: stream,
      correlationId,
      time: from === undefined && to === undefined ? undefined : given({ gte: from, lt: to }),
      _pos: after !== undefined ? { gt: after } : cursor === undefined ? undefined : { lt: cursor },
    });
    const isWatching = after !== undefined;
    const options = { sort: [['_pos', isWatching ? 'asc' : 'desc']], limit } as const;
    const found = await Promise.all(concerning(person, as).map((whom) => views.find(audit, { ...common, ...whom } as Filter, options)));
    const all = found.flatMap(({ documents }) => documents).toSorted((one, other) => (one.position > other.position === isWatching ? 1 : -1));
    const page = all.slice(0, limit);
    const more = all.length > page.length || found.some(({ next }) => next !== undefined);
    const next = isWatching ? (page.at(-1)?.position ?? after) : more ? page.at(-1)?.position : undefined;
    return { entries: page.map(shown), ...(next === undefined ? {} : { next }) };
  },
});

/** Without what nobody asked for. */
const given = <Value>(conditions: Readonly<Record<string, Value | undefined>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(conditions).flatMap(([field, wanted]) => (wanted === undefined ? [] : [[field, wanted]])));

/** Of what a person did and of what was done to the person's data, each entry once. */
function concerning(person: string | undefined, as: 'actor' | 'subject' | undefined): readonly Filter[] {
  if (person === undefined) return [{}];
  return as === undefined ? [{ actor: person }, { subject: person, actor: { not: person } }] : [{ [as]: person }];
}

const shown = ({ id, position, doc }: StoredDocument<AuditDoc>) => ({ eventId: id, position, ...doc });

/** The signed heads of the log, the latest first, and the key that they are signed with. */
export const listHeads = query('listHeads', {
  input: z.object(pageFields(MOST)),
  policy: auditorsOnly,
  needs: 'audit.view',
  views: [],
  run: async (page, { evidence }) => {
    if (!evidence) return undefined;
    const { limit, after } = { after: undefined, ...pageOptions(page, USUAL) };
    const { publicKey, installation } = evidence;
    const heads = await evidence.heads({ limit, ...(after === undefined ? {} : { after }) });
    return { publicKey, installation, problem: (await evidence.problem()) ?? null, ...heads };
  },
});

const place = z.coerce.number().int().min(0);

/** That an event is part of the log that a head describes. */
export const proveInclusion = query('proveInclusion', {
  input: z.object({
    stream: z.string().min(1).max(512),
    revision: place,
    size: place.optional().describe('Of the head; default: the latest.'),
  }),
  policy: auditorsOnly,
  needs: 'audit.view',
  views: [],
  run: async ({ stream, revision, size }, { evidence }) => {
    const proof = await evidence?.include({ stream, revision, ...(size === undefined ? {} : { size }) });
    if (proof === undefined || proof === 'NoEvent' || proof === 'NoHead') return undefined;
    const { event, leaf, index, path, head } = proof;
    const { data, metadata, ...rest } = event;
    return { event: { ...rest, data: z.json().parse(JSON.parse(data)), metadata: z.json().parse(JSON.parse(metadata)) }, leaf, index, path, head };
  },
});

/** That the log of the later head begins with the log of the earlier one. */
export const proveConsistency = query('proveConsistency', {
  input: z.object({ from: place, to: place }),
  policy: auditorsOnly,
  needs: 'audit.view',
  views: [],
  run: async ({ from, to }, { evidence }) => {
    const proof = await evidence?.consistency(from, to);
    return proof === 'NoHead' ? undefined : proof;
  },
});
