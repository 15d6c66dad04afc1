import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { refreshMcpServer } from '../../commands/mcp.ts';
import { BUILT_IN_SERVER } from '../../domain/mcp/offer.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';

type Asking = Pick<RouteRequest, 'annals' | 'principal' | 'tell' | 'signal'>;

/** One's own connection to each server, by server; where one has none, that by which Annals looked at it first. */
export async function ownStatuses({ annals, principal }: Asking, serverIds: readonly string[]): Promise<ReadonlyMap<string, McpStatus>> {
  const statuses = await annals.toolServers.statuses(serverIds);
  const found = new Map<string, McpStatus>();
  for (const person of [ORGANISATION, principal.id])
    for (const status of statuses)
      if (status.person === person) {
        const before = found.get(status.serverId);
        if (!before || before.person !== person || before.since <= status.since) found.set(status.serverId, status);
      }
  return found;
}

/** Every connection to a server that the principal may see. */
export async function statusesFor({ annals, principal }: Pick<RouteRequest, 'annals' | 'principal'>, serverId: string) {
  const all = await annals.toolServers.statuses([serverId]);
  const shown = principal.roles.includes('administrator') ? all : all.filter(({ person }) => person === principal.id);
  return shown.map(({ refreshed: _, position: __, ...status }) => status);
}

/** Annals itself as one more server: what needs no connection, and can be removed by nobody. Undefined where its tools are switched off. */
export async function builtInServer({ annals, principal }: Pick<RouteRequest, 'annals' | 'principal'>) {
  const tools = await annals.toolServers.builtIn?.(principal.id, {});
  if (!tools) return undefined;
  return {
    ...{ id: BUILT_IN_SERVER, owner: 'built_in' as const, number: 0, slug: 'built-in', title: 'Built-in tools', transport: 'built_in' as const },
    ...{ enabled: true, auth: 'none' as const, timeoutMs: null, version: 1, policies: [], createdAt: null, changedAt: null },
    ...{ tools: tools.length, contract: null, status: null },
  };
}

/** The tools that Annals itself has, as they stand for the principal. */
export const builtInTools = async (
  { annals, principal }: Pick<RouteRequest, 'annals' | 'principal'>,
  place: { model?: string | undefined; conversationId?: string | undefined },
) => (await annals.toolServers.builtIn?.(principal.id, { model: place.model, conversation: place.conversationId })) ?? [];

const LOOK_EVERY_MS = 100;
/** How long fresh lists are waited for. */
const MOST_MS = 15_000;

/** What came of a wish for fresh lists: which servers did not answer in time, and from where on the log has what the others said. */
export interface Refreshed {
  readonly late: readonly string[];
  readonly after?: string;
}

/** Of several, one that somebody has removed meanwhile keeps nobody from the others. */
const isGone = ({ code }: { code: string }, { length }: readonly string[]): boolean => length > 1 && code === 'NotFound';

/** Asks the workers to read the lists of these servers anew, and waits until they have, or could not. */
export async function refreshed(request: Asking, serverIds: readonly string[]): Promise<Refreshed> {
  const { annals, tell, principal, signal } = request;
  const requestId = randomUUID();
  const asked = await Promise.all(serverIds.map((serverId) => tell(refreshMcpServer({ serverId, requestId }))));
  for (const told of asked)
    if (!told.ok && !isGone(told.error, serverIds)) throw new HttpError(told.error.code, told.error.message, told.error.details);
  const waiting = new Set(serverIds.filter((_, at) => asked[at]?.ok));
  let after = '';
  const until = performance.now() + MOST_MS;
  while (waiting.size > 0 && performance.now() < until && !signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    for (const { serverId, person, refreshed: done, position = '' } of await annals.toolServers.statuses([...waiting])) {
      if (!done.includes(requestId) || (person !== principal.id && person !== ORGANISATION)) continue;
      waiting.delete(serverId);
      if (position > after) after = position;
    }
  }
  return { late: [...waiting], ...(after === '' ? {} : { after }) };
}
