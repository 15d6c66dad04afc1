import { z } from 'zod';
import * as commands from '../../commands/mcp.ts';
import { BUILT_IN_SERVER } from '../../domain/mcp/offer.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { listApprovals } from '../../projections/queries/approvals.ts';
import { getMcpServer, listMcpServers, type McpServerInfo } from '../../projections/queries/mcp.ts';
import { getMcpToolChange, listMcpTools } from '../../projections/queries/mcp-tools.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { innerPosition } from '../http/preconditions.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { builtInServer, builtInTools, ownStatuses, type Refreshed, refreshed, statusesFor } from './mcp-desk.ts';
import { withLogin } from './mcp-logins.ts';
import { Approval, Change, ConnectionStatus, Server, statusJson, Tool } from './mcp-schemas.ts';
import { Done } from './schemas.ts';

const tags = ['Tool servers'];
const of = '/api/mcp/servers/{serverId}';

const afterOf = ({ req, annals }: Pick<RouteRequest, 'req' | 'annals'>): { after?: string } => {
  const least = req.headers['if-min-position'];
  return typeof least === 'string' ? { after: innerPosition(annals, least) } : {};
};

async function withStatus(request: RouteRequest, servers: readonly McpServerInfo[]) {
  const statuses = await ownStatuses(
    request,
    servers.map(({ id }) => id),
  );
  return servers.map((server) => {
    const status = statuses.get(server.id);
    return { ...server, status: withLogin(server, status ? statusJson(status) : null) };
  });
}

const ifBuiltIn = async (request: Pick<RouteRequest, 'annals' | 'principal'> & { params: { serverId: string } }) =>
  request.params.serverId === BUILT_IN_SERVER ? builtInServer(request) : undefined;

const list = route({
  method: 'GET',
  path: '/api/mcp/servers',
  summary: 'The servers of tools that one may use, with where the connection to each stands',
  description: '`?owner=organisation`: those that administrators look after, whoever they are for.',
  tags,
  query: z.object({ owner: z.enum(['usable', 'organisation']).default('usable') }),
  responses: { 200: { description: 'One’s own, and the organisation’s.', schema: z.object({ servers: z.array(Server) }) }, ...queryErrors },
  handle: async (request) => {
    const asked = await request.ask(listMcpServers({ owner: request.query.owner }), afterOf(request));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const builtIn = request.query.owner === 'usable' ? await builtInServer(request) : undefined;
    return json(200, { servers: [...(builtIn ? [builtIn] : []), ...(await withStatus(request, asked.data.servers))] });
  },
});

const one = route({
  method: 'GET',
  path: of,
  summary: 'One server of tools',
  tags,
  params: z.object({ serverId: McpServerId }),
  responses: { 200: { description: 'As it is registered, and as it was seen last.', schema: Server }, ...queryErrors },
  handle: async (request) => {
    const builtIn = await ifBuiltIn(request);
    if (builtIn) return json(200, builtIn);
    const asked = await request.ask(getMcpServer(request.params), afterOf(request));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    return json(200, (await withStatus(request, [asked.data]))[0]);
  },
});

const connections = route({
  method: 'GET',
  path: `${of}/connections`,
  summary: 'One’s own connections to a server, for administrators those of everybody, in whatever process',
  tags,
  params: z.object({ serverId: McpServerId }),
  responses: {
    200: { description: 'Each with its figures since it was first made.', schema: z.object({ connections: z.array(ConnectionStatus) }) },
    ...queryErrors,
  },
  handle: async (request) => {
    if (await ifBuiltIn(request)) return json(200, { connections: [] });
    const asked = await request.ask(getMcpServer(request.params));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    return json(200, { connections: await statusesFor(request, asked.data.id) });
  },
});

const refresh = route({
  method: 'POST',
  path: `${of}/refresh`,
  summary: 'Connect to it now and read its lists anew',
  description: 'Waits until that has been done, or has failed, for 15 s at most.',
  tags,
  params: z.object({ serverId: McpServerId }),
  responses: { 200: { description: 'How it stands then.', schema: z.object({ refreshed: z.boolean(), server: Server }) }, ...queryErrors },
  handle: async (request) => {
    const builtIn = await ifBuiltIn(request);
    if (builtIn) return json(200, { refreshed: true, server: builtIn });
    const known = await request.ask(getMcpServer(request.params));
    if (!known.ok) throw new HttpError(known.error.code, known.error.message, known.error.details);
    const { late, ...after } = await refreshed(request, [known.data.id]);
    const asked = await request.ask(getMcpServer(request.params), after);
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    return json(200, { refreshed: late.length === 0, server: (await withStatus(request, [asked.data]))[0] });
  },
});

const tools = route({
  method: 'GET',
  path: '/api/mcp/tools',
  summary: 'The tools of one’s servers, those that are withheld with the reason',
  description:
    'As they stand for a model or in a thread where these are named. `force_refresh=true` reads the lists of all servers anew first. `late` names the servers that did not answer in time: what is shown of them is what they said before.',
  tags,
  query: z.object({
    conversationId: z.string().optional(),
    model: z.string().max(200).optional(),
    serverId: z.string().optional(),
    force_refresh: z.enum(['true', 'false']).default('false'),
  }),
  responses: {
    200: { description: 'All of them.', schema: z.object({ tools: z.array(Tool), late: z.array(z.string()) }) },
    ...queryErrors,
  },
  handle: async (request) => {
    const { force_refresh: fresh, ...place } = request.query;
    const { late, ...after }: Refreshed = fresh === 'true' ? await refreshAll(request) : { late: [] };
    const asked = await request.ask(listMcpTools(place as Parameters<typeof listMcpTools>[0]), { ...afterOf(request), ...after });
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const builtIn = place.serverId === undefined || place.serverId === BUILT_IN_SERVER ? await builtInTools(request, place) : [];
    return json(200, { tools: [...builtIn, ...asked.data.tools], late });
  },
});

/** Reads the lists of every server that may be used anew. */
export async function refreshAll(request: RouteRequest): Promise<Refreshed> {
  const asked = await request.ask(listMcpServers({ owner: 'usable' }));
  if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
  return refreshed(
    request,
    asked.data.servers.filter(({ enabled }) => enabled).map(({ id }) => id),
  );
}

export const mcpRoutes: readonly RouteDefinition[] = [
  list,
  one,
  connections,
  refresh,
  tools,
  ...routes({
    'POST /api/mcp/servers': tells(commands.registerMcpServer, {
      summary: 'Register a server of tools',
      description:
        'For oneself by its address, or by an administrator for everybody or some, who may also have it started by a command. What headers and variables hold is encrypted, used, and never shown again; nothing in it is replaced.',
      tags,
      status: 201,
      result: z.object({ serverId: McpServerId }),
      location: ({ serverId }) => `/api/mcp/servers/${serverId}`,
    }),
    [`PUT ${of}`]: tells(commands.changeMcpServer, {
      summary: 'Register it anew under its id',
      description: 'The whole of it, secrets included: an address that is changed gets none of those that were meant for another.',
      tags,
      result: Done,
    }),
    [`DELETE ${of}`]: tells(commands.removeMcpServer, { summary: 'Remove it, and destroy its secrets', tags, result: Done }),
    [`PUT ${of}/enabled`]: tells(commands.switchMcpServer, {
      summary: 'Switch it on or off, for everybody who uses it',
      tags,
      result: z.object({ switched: z.boolean().describe('False: it was so already.') }),
    }),
    [`PUT ${of}/audience`]: tells(commands.shareMcpServer, { summary: 'Say who may use a server of the organisation', tags, result: Done }),
    [`PUT ${of}/policy`]: tells(commands.setMcpServerPolicy, {
      summary: 'Say for everybody who uses it what happens when a model wants to call its tools, or one of them',
      tags,
      result: Done,
    }),
    [`GET ${of}/change`]: asks(getMcpToolChange, {
      summary: 'What has changed in the definition of one of its tools since it was taken: `?tool=`',
      tags,
      result: Change,
    }),
    [`POST ${of}/approve`]: tells(commands.approveMcpTool, {
      summary: 'Take the definition of a tool as it is now',
      description: '`hash` is that of the definition that was looked at: when it has changed again, it is not taken.',
      tags,
      result: Done,
    }),
    'PUT /api/mcp/choices': tells(commands.chooseMcpTools, {
      summary: 'Say whether the tools of a server, or one of them, are offered: in a thread, to a model, or at all',
      description: 'The narrowest choice counts; null takes one back.',
      tags,
      result: Done,
    }),
    'PUT /api/mcp/policies': tells(commands.setMcpToolPolicy, {
      summary: 'Say what happens when a model wants to call tools for oneself: deny, ask or allow',
      description: 'Deny, then ask, then allow, whoever said it; where nobody did, it is asked.',
      tags,
      result: Done,
    }),
    'GET /api/approvals': asks(listApprovals, {
      summary: 'Tool calls that wait for one’s yes or no',
      tags: ['Runs'],
      result: z.object({ approvals: z.array(Approval), next: z.string().optional() }),
    }),
  } as Parameters<typeof routes>[0]),
];
