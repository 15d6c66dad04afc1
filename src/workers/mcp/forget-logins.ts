import type { Tell } from '../../commands/command.ts';
import { revokeMcpAccess } from '../../commands/mcp-access.ts';
import { annals } from '../../commands/settle-active-run.ts';
import type { PersonId } from '../../domain/ids.ts';
import { McpServerRemoved } from '../../domain/mcp/server.ts';
import type { Views } from '../../projections/query.ts';
import { mcpLogins } from '../../projections/views/mcp-logins.ts';
import { done, type Reaction, verdictOf } from '../reaction.ts';

const PAGE = 500;

/** With a server go the logins that persons have there. */
export const forgetLogins = ({ tell, views }: { readonly tell: Tell; readonly views: Views }): Reaction => ({
  name: 'mcp-forget-logins',
  types: [McpServerRemoved.type],
  from: 'now',
  handle: async ({ data }) => {
    const { serverId } = data as { serverId: string };
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = await views.find(mcpLogins, { serverId }, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { doc } of page.documents) {
        const told = await tell(annals(doc.owner as PersonId), revokeMcpAccess({ serverId }));
        if (!told.ok) return verdictOf(told.error);
      }
      after = page.next;
    }
    return done;
  },
});
