import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { AccessLoss, LoginFailure, whyNoAccess } from '../../domain/mcp/access.ts';
import type { QueryContext } from '../query.ts';
import { loginKey, type McpLoginDoc, mcpLogins } from '../views/mcp-logins.ts';
import type { McpServerDoc } from '../views/mcp-servers.ts';

/** One's own login at a server where each person logs in for itself. */
export interface LoginInfo {
  readonly connected: boolean;
  readonly since: string;
  /** Why it is not, and what to do. */
  readonly reason: string | null;
  readonly issuer: string | null;
  /** Of the token there is; it is renewed without anybody where `renews`. */
  readonly expiresAt: string | null;
  readonly renews: boolean;
}

const Why = z.union([AccessLoss, LoginFailure, z.literal('Revoked')]);
const Granted = z.looseObject({ issuer: z.string() });

/** The principal's own at those of the servers that want one, by server. */
export async function loginsOf(
  { views, principal, openDeep }: QueryContext,
  servers: readonly StoredDocument<McpServerDoc>[],
): Promise<ReadonlyMap<string, LoginInfo>> {
  const wanting = servers.filter(({ doc }) => doc.auth === 'oauth');
  const found = await views.getMany(
    mcpLogins,
    wanting.map(({ id }) => loginKey(id, principal.id)),
  );
  const entries = wanting.map(async ({ id, doc: { createdAt } }) => {
    const login = found.get(loginKey(id, principal.id))?.doc;
    if (!login) return [id, { ...nothing, since: createdAt, reason: whyNoAccess(undefined) }] as const;
    return [id, await shown(login, openDeep)] as const;
  });
  return new Map(await Promise.all(entries));
}

const nothing = { connected: false, issuer: null, expiresAt: null, renews: false };

async function shown({ connected, since, why, expiresAt, renews, granted }: McpLoginDoc, openDeep: QueryContext['openDeep']): Promise<LoginInfo> {
  if (!connected) return { ...nothing, since, reason: whyNoAccess(Why.safeParse(why).data) };
  const opened = (await openDeep({ granted })).granted;
  // Whoever cannot open it any more has nothing that could be used either.
  if (isUnopened(opened)) return { ...nothing, since, reason: whyNoAccess(undefined) };
  return { connected, since, reason: null, issuer: Granted.safeParse(opened).data?.issuer ?? null, expiresAt, renews };
}
