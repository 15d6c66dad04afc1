import type { NamedServer } from '../../domain/mcp/server.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import type { ShownStatus } from './board.ts';
import type { McpRegistry } from './registry.ts';

export interface UnseenParts {
  readonly registry: Pick<McpRegistry, 'serversFor' | 'contractOf'>;
  readonly statuses: (serverIds: readonly string[]) => Promise<readonly ShownStatus[]>;
  /** Connects, and reads the lists. */
  readonly look: (server: NamedServer) => void;
}

/**
 * The organisation's servers of which nobody knows what they offer, and which no process is connected to or tries to: whichever was about to is gone. Called
 * now and then; whoever is without anybody twice in a row is looked at.
 */
export function createUnseen({ registry, statuses, look }: UnseenParts): () => Promise<void> {
  const seen = new Set<string>();
  let alone = new Set<string>();
  return async () => {
    const servers = (await registry.serversFor(ORGANISATION)).filter(
      ({ serverId, enabled, auth }) => enabled && auth === 'none' && !seen.has(serverId),
    );
    const unseen: NamedServer[] = [];
    for (const server of servers) {
      if ((await registry.contractOf(server, ORGANISATION)).contractHash === undefined) unseen.push(server);
      else seen.add(server.serverId);
    }
    const shown = new Set((await statuses(unseen.map(({ serverId }) => serverId))).map(({ serverId }) => serverId));
    const left = unseen.filter(({ serverId }) => !shown.has(serverId));
    for (const server of left) if (alone.has(server.serverId)) look(server);
    alone = new Set(left.map(({ serverId }) => serverId));
  };
}
