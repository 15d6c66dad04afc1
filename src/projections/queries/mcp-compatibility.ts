import { z } from 'zod';
import { McpServerId } from '../../domain/mcp/server.ts';
import { query } from '../query.ts';
import { mcpCalls } from '../views/mcp-calls.ts';
import { mcpContractList } from '../views/mcp-contracts.ts';
import { mcpServers } from '../views/mcp-servers.ts';
import { reportFor } from './mcp-report.ts';
import { contractsOf, isAdministered, isUsable, snapshotOf } from './mcp-usable.ts';
import { anyPerson } from './policy.ts';

/** What a server offers now beside what is gone by: what changed, what may be what under another name, and whom it touches. */
export const getMcpCompatibility = query('getMcpCompatibility', {
  input: z.object({ serverId: McpServerId }),
  policy: anyPerson,
  views: [mcpServers, mcpContractList, mcpCalls],
  run: async ({ serverId }, context) => {
    const server = await context.views.get(mcpServers, serverId);
    if (!server || !(isUsable(server.doc, context.principal) || isAdministered(server.doc, context.principal))) return undefined;
    const contract = (await contractsOf(context, [server])).get(serverId);
    if (!contract) return undefined;
    const { baseline, snapshot, protocolVersion, contractHash, observedAt, tools } = contract.doc;
    const [before, after] = await Promise.all([snapshotOf(context, baseline.snapshot), snapshotOf(context, snapshot)]);
    if (!before || !after) return undefined;
    const pair = [
      { snapshot: before, protocolVersion: baseline.protocolVersion },
      { snapshot: after, protocolVersion },
    ] as const;
    return {
      contractId: contract.id,
      hash: contractHash,
      observedAt,
      baseline: { hash: baseline.contractHash, at: baseline.at },
      serverVersion: { before: before.serverVersion, now: after.serverVersion },
      ...(await reportFor(context, server, pair, tools)),
    };
  },
});
