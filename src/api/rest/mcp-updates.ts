import { z } from 'zod';
import { lookUpMcpReleases, setMcpRequirements, setMcpUpdates, takeMcpContract } from '../../commands/mcp.ts';
import { approveMcpUpdate, dismissMcpUpdate, requestMcpUpdate, rollBackMcpRelease } from '../../commands/mcp-releases.ts';
import { getMcpCompatibility } from '../../projections/queries/mcp-compatibility.ts';
import { getMcpDependencies } from '../../projections/queries/mcp-dependencies.ts';
import { getMcpUpdates } from '../../projections/queries/mcp-updates.ts';
import { asks } from '../http/asks.ts';
import { type RouteDefinition, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Compatibility, Dependencies, Updates } from './mcp-update-schemas.ts';
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
  [`GET ${of}/updates`]: asks(getMcpUpdates, {
    summary: 'Which versions of its package there are, which runs, and what is going on with the next',
    description: 'For whoever looks after the server. `update.report` says what the new version would change, as long as it was compared.',
    tags,
    result: Updates,
  }),
  [`POST ${of}/releases`]: tells(lookUpMcpReleases, {
    summary: 'Ask the registry of npm which versions there are',
    description: 'A worker does; what it finds, or why it does not, is in the updates of the server.',
    tags,
    status: 202,
    result: Done,
  }),
  [`POST ${of}/updates`]: tells(requestMcpUpdate, {
    summary: 'Install a version apart, look at what it offers, and try it',
    description:
      'No model reaches it meanwhile. Then it waits for a yes; with `swap: "compatible"` it is taken by itself if nothing speaks against it.',
    tags,
    status: 202,
    result: z.object({ updateId: z.string() }),
  }),
  [`POST ${of}/updates/{updateId}/approve`]: tells(approveMcpUpdate, {
    summary: 'Take the new version',
    description:
      '`contractHash` is `afterHash` of the update that was looked at. `renames`: by tool that is gone, the one to which its policies for everybody go over, and for which what persons have chosen of it holds, too.',
    tags,
    result: Done,
  }),
  [`POST ${of}/updates/{updateId}/dismiss`]: tells(dismissMcpUpdate, { summary: 'Leave the new version', tags, result: Done }),
  [`POST ${of}/roll-back`]: tells(rollBackMcpRelease, { summary: 'Go back to what ran before the last update, at once', tags, result: Done }),
} as Parameters<typeof routes>[0]);
