import { removeMcpServer } from '../../commands/mcp.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { mcpServers } from '../../projections/views/mcp-servers.ts';
import type { ErasureStep } from './parts.ts';
import { eachOf } from './seen.ts';
import { told } from './told.ts';

export const mcpServersOf: ErasureStep = {
  name: 'mcp-servers',
  erase: (parts, subjects, work) =>
    eachOf(parts, { view: mcpServers, field: 'owner', subjects, work }, async ({ id, doc }) =>
      told(await parts.tell(annals(doc.owner as PersonId), removeMcpServer({ serverId: id as never }))),
    ),
};
