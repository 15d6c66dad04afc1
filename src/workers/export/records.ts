import type { z } from 'zod';
import { isSealed, isUnopened, type JsonObject } from '../../domain/event.ts';
import type { ExportedAudit, ExportedCredential, ExportedEvent, ExportedRecipient } from '../../domain/export/format.ts';
import { type ExportRule, exportRules } from '../../domain/export/rules.ts';
import { eventDefinitions } from '../../domain/index.ts';
import { ANNALS } from '../../domain/person.ts';
import { pages } from '../../projections/pages.ts';
import { accessTokens } from '../../projections/views/access-tokens.ts';
import { audit } from '../../projections/views/audit.ts';
import { type FeedDoc, feed } from '../../projections/views/feed.ts';
import { loginList } from '../../projections/views/logins.ts';
import { providerKeys } from '../../projections/views/provider-keys.ts';
import { runList } from '../../projections/views/runs.ts';
import { openSessions } from '../../projections/views/sessions.ts';
import type { GatherParts } from './gather.ts';

type Ids = readonly string[];

const hidden: ReadonlyMap<string, readonly string[]> = new Map(
  eventDefinitions.map(({ type, schema }) => [type, (schema.shape.sealed as { hidden?: readonly string[] } | undefined)?.hidden ?? []]),
);

/** What of an opened event may stand in an export. */
export function exportedData(type: string, data: JsonObject, rule: ExportRule | undefined = exportRules[type]): JsonObject {
  const left = [...(hidden.get(type) ?? []), ...(typeof rule === 'object' && 'without' in rule ? rule.without : [])];
  const kept = (part: object): JsonObject => Object.fromEntries(Object.entries(part).filter(([name]) => !left.includes(name)));
  const { sealed, ...rest } = data;
  const clear = kept(rest);
  if (sealed === undefined || rule === undefined || (typeof rule === 'object' && 'clear' in rule)) return clear;
  if (isUnopened(sealed) || typeof sealed !== 'object' || sealed === null) return { ...clear, sealed: isUnopened(sealed) ? sealed : null };
  return { ...clear, ...kept(sealed) };
}

/** Every event of the person's data, in the order of the log. */
export async function* eventsOf({ views, sealer }: GatherParts, ids: Ids): AsyncGenerator<z.output<typeof ExportedEvent>> {
  for await (const page of pages(views, feed, { person: { in: ids } }, [['_pos', 'asc']])) {
    // Only what is sealed in the events themselves: a form of ours that somebody wrote into a message opens nothing.
    const sealed: readonly unknown[] = page.map(({ doc }) => (isSealed(doc.data.sealed) ? doc.data.sealed : null));
    const opened = (await sealer.openDeep<unknown>(sealed)) as readonly JsonObject[];
    for (const [index, { id, doc }] of page.entries())
      yield eventOf(id, doc, isSealed(doc.data.sealed) ? { ...doc.data, sealed: opened[index] ?? null } : doc.data);
  }
}

const eventOf = (id: string, { type, version, stream, revision, time, actor }: FeedDoc, data: JsonObject) => ({
  id,
  type,
  version,
  stream,
  revision,
  time,
  actor,
  data: exportedData(type, data),
});

/** What others did with the person's data, and when they looked at it. */
export async function* auditOf({ views }: GatherParts, ids: Ids): AsyncGenerator<z.output<typeof ExportedAudit>> {
  for await (const page of pages(views, audit, { subject: { in: ids } }, [['_pos', 'asc']])) {
    for (const { doc } of page) {
      const { time, actor, action, outcome, resource } = doc;
      if (!ids.includes(actor) && (outcome === 'read' || actor !== ANNALS)) yield { time, actor, action, outcome, resource };
    }
  }
}

/** Ways to log in, sessions, tokens, and keys of services: never themselves. */
export async function* credentialsOf({ views, sealer }: GatherParts, ids: Ids): AsyncGenerator<z.output<typeof ExportedCredential>> {
  for await (const page of pages(views, loginList, { owner: { in: ids } })) {
    for (const { id, doc } of page) {
      const { account, ...rest } = doc;
      yield { kind: 'login', id, ...rest, account: pick((await sealer.openDeep({ account })).account, 'account') };
    }
  }
  for await (const page of pages(views, openSessions, { owner: { in: ids } })) {
    for (const { id, doc } of page) {
      const { device, kind: way, ...rest } = doc;
      yield { kind: 'session', id, way, ...rest, device: pick((await sealer.openDeep({ device })).device, 'device') };
    }
  }
  for await (const page of pages(views, accessTokens, { owner: { in: ids } })) for (const { id, doc } of page) yield { kind: 'token', id, ...doc };
  for await (const page of pages(views, providerKeys, { owner: { in: ids } })) {
    for (const { id, doc } of page) {
      const { description, address, ...rest } = doc;
      const opened = await sealer.openDeep({ description, address });
      const said = { description: pick(opened.description, 'description'), baseUrl: pick(opened.address, 'baseUrl') };
      yield { kind: 'provider-key', id, ...rest, ...said };
    }
  }
}

const pick = (opened: unknown, field: string): string | null => {
  const value = typeof opened === 'object' && opened !== null ? (opened as JsonObject)[field] : opened;
  return typeof value === 'string' ? value : null;
};

/** Which services got prompts, of which models, how often and when. */
export async function recipientsOf({ views }: GatherParts, ids: Ids): Promise<z.output<typeof ExportedRecipient>[]> {
  const found = new Map<string, { provider: string; models: Set<string>; prompts: number; first: string; last: string }>();
  for await (const page of pages(views, runList, { owner: { in: ids } })) {
    for (const { doc } of page) {
      if (doc.model === null || doc.startedAt === null) continue;
      const [provider = ''] = doc.model.split('/');
      const known = found.get(provider) ?? { provider, models: new Set(), prompts: 0, first: doc.startedAt, last: doc.startedAt };
      known.models.add(doc.model);
      known.prompts += doc.calls;
      if (doc.startedAt < known.first) known.first = doc.startedAt;
      if (doc.startedAt > known.last) known.last = doc.startedAt;
      found.set(provider, known);
    }
  }
  return [...found.values()].map(({ models, ...rest }) => ({ ...rest, models: [...models].sort() }));
}
