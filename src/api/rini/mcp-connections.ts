import { z } from 'zod';
import type { Told } from '../../commands/command.ts';
import { changeMcpServer, registerMcpServer, removeMcpServer } from '../../commands/mcp.ts';
import { slugOf } from '../../domain/mcp/config.ts';
import { listMcpServers, type McpServerInfo } from '../../projections/queries/mcp.ts';
import { type Answer, json } from '../http/answer.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { detailed } from './errors.ts';

const tags = ['Rini: MCP connections'];
const ALL = '/mcp-connections/';
const ONE = '/mcp-connections/{connection_id}';

const Given = z.object({
  mcp_server_url: z.string(),
  alias: z.string().max(200).nullish(),
  description: z.string().max(200).nullish(),
  is_active: z.boolean().default(true),
});
const Connection = z.object({
  id: z.int(),
  user_id: z.string(),
  mcp_server_url: z.string(),
  alias: z.string(),
  description: z.string().nullable(),
  is_active: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
});
const Params = z.object({ connection_id: z.string().max(128) });
const Page = z.object({ skip: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(100).default(100) });

type Request = Pick<RouteRequest, 'ask' | 'principal'>;

const connectionJson = ({ principal }: Request, server: McpServerInfo): z.output<typeof Connection> => {
  const address = server.administered?.address;
  return {
    id: server.number,
    user_id: principal.id,
    mcp_server_url: address && 'url' in address ? address.url : '',
    alias: server.slug,
    description: server.title === '' ? null : server.title,
    is_active: server.enabled,
    created_at: server.createdAt,
    updated_at: server.changedAt,
  };
};

function done<Result>(told: Told<Result>): Extract<Told<Result>, { ok: true }> {
  if (told.ok) return told;
  throw new HttpError(told.error.code, told.error.message);
}

async function own({ ask }: Request, after?: string): Promise<readonly McpServerInfo[]> {
  const asked = await ask(listMcpServers({ owner: 'usable' }), after === undefined ? {} : { after });
  if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message);
  return asked.data.servers.filter(({ owner }) => owner === 'self');
}

async function find(request: Request, id: string, after?: string): Promise<McpServerInfo> {
  const found = (await own(request, after)).find((server) => String(server.number) === id || server.id === id);
  if (found) return found;
  throw new HttpError('NotFound', 'MCP connection not found');
}

/** Rini's names are free; ours are short and each there once. */
function definition({ mcp_server_url: url, alias, description, is_active: enabled }: z.output<typeof Given>, known: readonly McpServerInfo[], self?: string) {
  const wanted = slugOf(alias ?? URL.parse(url)?.hostname ?? 'server');
  const taken = new Set(known.filter(({ id }) => id !== self).map(({ slug }) => slug));
  const numbered = (count: number): string => `${wanted.slice(0, 28)}-${count}`;
  let slug = wanted;
  for (let count = 2; taken.has(slug); count++) slug = numbered(count);
  const usual = { headers: {}, env: {}, auth: 'none', audience: 'everybody', timeoutMs: null } as const;
  return { ...usual, slug, title: description ?? '', transport: 'auto' as const, address: { url }, enabled };
}

const shared = { tags, errors: detailed };
const one = { 200: { description: 'The connection.', schema: Connection } };
const refusals = { 401: { description: 'Nobody’s.' }, 404: { description: 'Not there, or another’s.' }, 422: { description: 'Does not fit.' } };

/** Servers of one's own by their address, as Rini's clients manage them. */
export const mcpConnectionRoutes: readonly RouteDefinition[] = [
  route({
    ...shared,
    method: 'POST',
    path: ALL,
    summary: 'Register a server of tools',
    body: Given,
    responses: { 201: { description: 'Registered.', schema: Connection }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const known = await own(request);
      const { result, position } = done(await request.tell(registerMcpServer({ owner: 'self', ...definition(request.body, known) })));
      return json(201, connectionJson(request, await find(request, result.serverId, position)));
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: ALL,
    summary: 'One’s own servers of tools',
    query: Page,
    responses: { 200: { description: 'In the order in which they came.', schema: z.array(Connection) }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { skip, limit } = request.query;
      return json(
        200,
        (await own(request)).slice(skip, skip + limit).map((server) => connectionJson(request, server)),
      );
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: ONE,
    summary: 'One server of tools',
    params: Params,
    responses: { ...one, ...refusals },
    handle: async (request): Promise<Answer> => json(200, connectionJson(request, await find(request, request.params.connection_id))),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: ONE,
    summary: 'Change it',
    params: Params,
    body: Given.partial(),
    responses: { ...one, ...refusals },
    handle: async (request): Promise<Answer> => {
      const before = await find(request, request.params.connection_id);
      const { id: _, ...known } = connectionJson(request, before);
      const { mcp_server_url = known.mcp_server_url, alias = known.alias, description = known.description, is_active = known.is_active } = request.body;
      const changed = definition({ mcp_server_url, alias, description, is_active }, await own(request), before.id);
      const { position } = done(await request.tell(changeMcpServer({ serverId: before.id, ...changed })));
      return json(200, connectionJson(request, await find(request, before.id, position)));
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: ONE,
    summary: 'Remove it',
    params: Params,
    responses: { 204: { description: 'Removed.' }, ...refusals },
    handle: async (request): Promise<Answer> => {
      const { id: serverId } = await find(request, request.params.connection_id);
      done(await request.tell(removeMcpServer({ serverId })));
      return { status: 204 };
    },
  }),
];
