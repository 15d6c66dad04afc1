import { setMcpRequirements, setMcpUpdates, takeMcpContract } from '../../commands/mcp.ts';
import { getMcpCompatibility } from '../../projections/queries/mcp-compatibility.ts';
import { getMcpDependencies } from '../../projections/queries/mcp-dependencies.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Compatibility, Dependencies } from './mcp-update-schemas.ts';
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
  'GET /api/mcp/dependencies': asks(getMcpDependencies, {
    summary: 'How one’s servers of tools depend on each other, what does not fit, and a plan in which it does',
    description:
      'Of what each says that it needs, and of what it was seen to offer. Each finding names both sides and a remedy. Where there is no plan, `why` has the statements that contradict each other, and none of them could be left out.',
    tags,
    result: Dependencies,
  }),
  [`PUT ${of}/requirements`]: tells(setMcpRequirements, {
    summary: 'Say what the server needs of others and of this machine',
    description: 'Servers are named by their short names, or by their packages; ranges are those of semver. Null takes it back.',
    tags,
    result: Done,
  }),
  [`PUT ${of}/updates`]: tells(setMcpUpdates, {
    summary: 'Say whether new versions of its package are taken by themselves where they are compatible',
    tags,
    result: Done,
  }),
} as Parameters<typeof routes>[0]);
