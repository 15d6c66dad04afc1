import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import { type FreshGrant, type McpAuthorizer, type McpToken, type McpTokens, NotRenewed } from '../../adapters/mcp/port.ts';
import type { Tell } from '../../commands/command.ts';
import { reveal } from '../../commands/hidden.ts';
import { beginMcpRefresh, failMcpRefresh, loseMcpAccess, refreshMcpAccess } from '../../commands/mcp-access.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { isUnopened, type Json, type Sealed } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type AccessLoss, type McpAccess, mcpAccess, mcpAccessStream, whyNoAccess } from '../../domain/mcp/access.ts';

export interface AccessParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly authorizer: McpAuthorizer;
  readonly now: () => Date;
  /** How long another process may take to have tokens renewed before this one does it, in ms. */
  readonly patienceMs?: number;
}

/** Where somebody's access to a server stands: by which login it was given, or why there is none. */
export type Standing = { readonly ok: true; readonly attempt: string } | { readonly ok: false; readonly reason: string };

/** The access of persons to servers where each logs in for itself, as the log has it. */
export interface McpAccessDesk {
  stateOf(serverId: string, person: PersonId): Promise<McpAccess>;
  standing(serverId: string, person: PersonId): Promise<Standing>;
  /** `url`: the server's address now; a token that was given for another one is not used. */
  tokensFor(serverId: string, person: PersonId, url: string): McpTokens;
  /** The server takes no token of this person's any more: it has to log in anew. */
  lose(serverId: string, person: PersonId, code: AccessLoss, scope?: string): Promise<void>;
  /** The permissions that were too few before. */
  wantedScope(serverId: string, person: PersonId): Promise<string | undefined>;
  /** What is hidden in an event of theirs; undefined when it cannot be read any more. */
  secretAt(serverId: string, person: PersonId, place: { eventId: string; revision: bigint }, field: 'grant' | 'pending'): Promise<Json | undefined>;
}

const Wanted = z.looseObject({ scope: z.string() });
const Hidden = z.looseObject({ grant: z.string().optional(), pending: z.string().optional() });

/** Renewed that long before it expires, in ms: a call takes its time. */
const EARLY_MS = 30_000;
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 50;
/** Of a refresh; shorter than the patience of others. */
const REFRESH_MS = 15_000;

/** What is told of fresh tokens. */
export const told = ({ grant, expiresIn, refreshable }: FreshGrant, now: Date) => ({
  grant: JSON.stringify(grant),
  refreshable,
  expiresAt: expiresIn === undefined ? null : new Date(now.getTime() + expiresIn * 1000).toISOString(),
});

export function createMcpAccess(parts: AccessParts): McpAccessDesk {
  const { tell, loader, store, sealer, authorizer, now, patienceMs = PATIENCE_MS } = parts;
  /** Opened grants, by their events: for moments, because they may be erased. */
  const opened = new LRUCache<string, { json: Json }>({ max: 500, ttl: 5000 });
  /** One refresh a person and server in this process. */
  const refreshing = new Map<string, Promise<void>>();

  const stateOf = async (serverId: string, person: PersonId): Promise<McpAccess> =>
    (await loader.load(mcpAccessStream(serverId, person), mcpAccess)).state;

  const secretAt: McpAccessDesk['secretAt'] = async (serverId, person, { eventId, revision }, field) => {
    const known = opened.get(eventId);
    if (known) return known.json;
    for await (const { id, data, metadata } of store.read(mcpAccessStream(serverId, person), { from: revision, max: 1 })) {
      if (id !== eventId || metadata.subject !== person) return undefined;
      const content = await sealer.open(data.sealed as unknown as Sealed, id);
      if (isUnopened(content)) return undefined;
      const text = await reveal(sealer, { subject: person, eventId: id, field }, Hidden.parse(content)[field] ?? '');
      if (isUnopened(text)) return undefined;
      const json = JSON.parse(text) as Json;
      opened.set(eventId, { json });
      return json;
    }
    return undefined;
  };

  /** By one process alone: who begins it says so in the log, the others wait; one that does not come to an end is done instead. */
  const refresh = async (serverId: string, person: PersonId, generation: number): Promise<void> => {
    let instead: string | null = null;
    let since = performance.now();
    for (;;) {
      const { generation: newest, grant, refresh: open } = await stateOf(serverId, person);
      if (newest !== generation || !grant) return;
      const under = open ?? null;
      if (under !== instead) {
        instead = under;
        since = performance.now();
      }
      const waited = under === null || performance.now() - since >= patienceMs;
      const begun = waited ? await tell(annals(person), beginMcpRefresh({ serverId, generation, instead })) : undefined;
      if (begun?.ok) return renew(serverId, person, generation, grant.place, begun.result.refresh);
      if (begun && begun.error.code !== 'RefreshUnderWay') return;
      await sleep(LOOK_EVERY_MS);
    }
  };
  const renew = async (serverId: string, person: PersonId, generation: number, place: NonNullable<McpAccess['grant']>['place'], open: string) => {
    const grant = await secretAt(serverId, person, place, 'grant');
    if (grant === undefined) return;
    const renewed = await authorizer.refresh(grant, AbortSignal.timeout(REFRESH_MS));
    if (renewed.ok) await tell(annals(person), refreshMcpAccess({ serverId, generation, ...told(renewed.value, now()) }));
    else if (renewed.error.code === 'Unreachable') {
      await tell(annals(person), failMcpRefresh({ serverId, generation, refresh: open }));
      throw new NotRenewed(`The access could not be renewed. ${renewed.error.message}`);
    } else await tell(annals(person), loseMcpAccess({ serverId, generation, code: 'RefreshRefused', scope: '' }));
  };
  const refreshed = (serverId: string, person: PersonId, generation: number): Promise<void> => {
    const key = `${serverId} ${person} ${generation}`;
    const running = refreshing.get(key) ?? refresh(serverId, person, generation).finally(() => refreshing.delete(key));
    refreshing.set(key, running);
    return running;
  };

  const isDue = ({ expiresAt }: NonNullable<McpAccess['grant']>): boolean =>
    expiresAt !== null && now().getTime() >= Date.parse(expiresAt) - EARLY_MS;

  const lose: McpAccessDesk['lose'] = async (serverId, person, code, scope = '') => {
    const { grant, generation } = await stateOf(serverId, person);
    if (grant) await tell(annals(person), loseMcpAccess({ serverId, generation, code, scope }));
  };

  const newest = async (serverId: string, person: PersonId, url: string): Promise<McpToken | undefined> => {
    const { grant, generation } = await stateOf(serverId, person);
    const json = grant && (await secretAt(serverId, person, grant.place, 'grant'));
    if (json === undefined) return undefined;
    const { url: of, accessToken } = await authorizer.tokenOf(json);
    if (of === url) return { token: accessToken, generation };
    await lose(serverId, person, 'AddressChanged');
    return undefined;
  };

  return {
    stateOf,
    secretAt,
    lose,
    async wantedScope(serverId, person) {
      const { wanting } = await stateOf(serverId, person);
      if (!wanting) return undefined;
      for await (const { id, data } of store.read(mcpAccessStream(serverId, person), { from: wanting.revision, max: 1 })) {
        const content = await sealer.open(data.sealed as unknown as Sealed, id);
        return id !== wanting.eventId || isUnopened(content) ? undefined : Wanted.parse(content).scope || undefined;
      }
      return undefined;
    },
    async standing(serverId, person) {
      const { grant, why } = await stateOf(serverId, person);
      if (!grant) return { ok: false, reason: whyNoAccess(why) };
      return { ok: true, attempt: grant.attempt };
    },
    tokensFor: (serverId, person, url) => ({
      async current() {
        const { grant, generation } = await stateOf(serverId, person);
        // What is about to expire may do for a moment yet.
        if (grant?.refreshable && isDue(grant)) await refreshed(serverId, person, generation).catch(() => undefined);
        return newest(serverId, person, url);
      },
      async renewed(generation) {
        const { grant, generation: at } = await stateOf(serverId, person);
        if (grant && at === generation && !grant.refreshable) await lose(serverId, person, 'NotRefreshable');
        else if (grant && at === generation) await refreshed(serverId, person, generation);
        const token = await newest(serverId, person, url);
        return token && token.generation > generation ? token : undefined;
      },
    }),
  };
}
