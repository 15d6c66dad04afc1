import { takeMcpContract } from '../../commands/mcp.ts';
import { getMcpCompatibility } from '../../projections/queries/mcp-compatibility.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Compatibility } from './mcp-update-schemas.ts';
import { Done } from './schemas.ts';

const tags = ['Tool servers'];
const of = '/api/mcp/servers/{serverId}';

/** What changes at servers of tools, and what follows from it. */
export const mcpUpdateRoutes: readonly RouteDefinition[] = routes({
  [`GET ${of}/compatibility`]: asks(getMcpCompatibility, {
    summary: 'What the server offers now beside what is gone by',
    description:
      'Each change with its class: `breaking`, `unknown` (cannot be decided), `security` (a person has to look again) or `compatible`; tools that may be others under a new name; and which definitions that were taken, policies and recorded calls are touched. Arguments of recorded calls are tried against the new input schemas.',
    tags,
    result: Compatibility,
  }),
  [`POST ${of}/contract`]: tells(takeMcpContract, {
    summary: 'Take all of what the server offers now',
    description: '`contractHash` is that of the contract that was looked at: when it has changed again, it is not taken.',
    tags,
    result: Done,
  }),
} as Parameters<typeof routes>[0]);
