import { z } from 'zod';
import { isUnopened } from '../../domain/event.ts';
import { ContractOffer } from '../../domain/mcp/contract.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { query } from '../query.ts';
import { mcpCalls } from '../views/mcp-calls.ts';
import { mcpContractList } from '../views/mcp-contracts.ts';
import { mcpReleaseList } from '../views/mcp-releases.ts';
import { mcpServers } from '../views/mcp-servers.ts';
import { type Report, reportFor } from './mcp-report.ts';
import { contractsOf, isAdministered } from './mcp-usable.ts';
import { anyPerson } from './policy.ts';

const Compared = z.object({ baseline: ContractOffer, after: ContractOffer, conflictTexts: z.array(z.string()) });
const Ended = z.object({ reason: z.string().optional() });

/** Which versions of a server there are, which runs, and what is going on with the next; the report of it, while somebody has to look. */
export const getMcpUpdates = query('getMcpUpdates', {
  input: z.object({ serverId: McpServerId }),
  policy: anyPerson,
  views: [mcpServers, mcpReleaseList, mcpContractList, mcpCalls],
  run: async ({ serverId }, context) => {
    const server = await context.views.get(mcpServers, serverId);
    if (!server || !isAdministered(server.doc, context.principal)) return undefined;
    const known = (await context.views.get(mcpReleaseList, serverId))?.doc;
    const { updates } = server.doc;
    if (!known)
      return {
        updates,
        package: null,
        registered: null,
        versions: [],
        lookedUpAt: null,
        problem: null,
        running: null,
        previous: null,
        update: null,
        history: [],
      };
    const { update, owner: _, renamed: __, ...rest } = known;
    if (!update) return { updates, ...rest, update: null };
    const { offers, reason, renames: ___, ...shown } = update;
    const opened = await context.openDeep({ offers, reason });
    const said = reason === null || isUnopened(opened.reason) ? undefined : Ended.parse(opened.reason).reason;
    const compared = offers === null || isUnopened(opened.offers) ? undefined : Compared.parse(opened.offers);
    const contract = (await contractsOf(context, [server])).get(serverId);
    const pair = compared && ([compared.baseline, compared.after] as const);
    const report: Report | null = pair ? await reportFor(context, server, pair, contract?.doc.tools ?? []) : null;
    return { updates, ...rest, update: { ...shown, reason: said ?? null, conflicts: compared?.conflictTexts ?? [], report } };
  },
});
