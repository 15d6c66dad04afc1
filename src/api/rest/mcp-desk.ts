import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { refreshMcpServer } from '../../commands/mcp.ts';
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
  return shown.map(({ refreshed: _, ...status }) => status);
}

const LOOK_EVERY_MS = 100;
/** How long fresh lists are waited for. */
const MOST_MS = 15_000;

/** Asks the workers to read the lists of these servers anew, and waits until they have, or could not. Answers which of them did not in time. */
export async function refreshed(request: Asking, serverIds: readonly string[]): Promise<readonly string[]> {
  const { annals, tell, principal, signal } = request;
  const requestId = randomUUID();
  const asked = await Promise.all(serverIds.map(async (serverId) => ((await tell(refreshMcpServer({ serverId, requestId }))).ok ? [serverId] : [])));
  const waiting = new Set(asked.flat());
  const until = performance.now() + MOST_MS;
  while (waiting.size > 0 && performance.now() < until && !signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    for (const { serverId, person, refreshed: done } of await annals.toolServers.statuses([...waiting]))
      if (done.includes(requestId) && (person === principal.id || person === ORGANISATION)) waiting.delete(serverId);
  }
  return [...waiting];
}
