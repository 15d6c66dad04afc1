import type { Tell } from '../../commands/command.ts';
import { revokeMcpAccess } from '../../commands/mcp-access.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { McpServerRemoved } from '../../domain/mcp/server.ts';
import { pages } from '../../projections/pages.ts';
import type { Views } from '../../projections/query.ts';
import { mcpLogins } from '../../projections/views/mcp-logins.ts';
import { done, type Reaction, verdictOf } from '../reaction.ts';

/** With a server go the logins that persons have there. */
export const forgetLogins = ({ tell, views }: { readonly tell: Tell; readonly views: Views }): Reaction => ({
  name: 'mcp-forget-logins',
  types: [McpServerRemoved.type],
  from: 'now',
  handle: async ({ data }) => {
    const { serverId } = data as { serverId: string };
    for await (const page of pages(views, mcpLogins, { serverId })) {
      for (const { doc } of page) {
        const told = await tell(annals(doc.owner as PersonId), revokeMcpAccess({ serverId }));
        if (!told.ok) return verdictOf(told.error);
      }
    }
    return done;
  },
});
