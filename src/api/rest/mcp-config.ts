import { z } from 'zod';
import { changeMcpServer, chooseMcpTools, registerMcpServer, setMcpRequirements, setMcpToolPolicy, setMcpUpdates } from '../../commands/mcp.ts';
import { type ConfigEntry, McpConfig, readConfig, writeEntry } from '../../domain/mcp/config.ts';
import { listMcpServers, type McpServerInfo } from '../../projections/queries/mcp.ts';
import { json } from '../http/answer.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';

const tags = ['Tool servers'];
const Imported = z.object({
  name: z.string(),
  outcome: z.enum(['registered', 'changed', 'refused']),
  serverId: z.string().optional(),
  reason: z.string().optional(),
  warnings: z.array(z.string()),
  wouldAllow: z.array(z.string()).describe('Tools that the file calls without asking. That is taken over only with `acceptApprovals`.'),
});
type Imported = z.output<typeof Imported>;

interface Import {
  readonly request: RouteRequest;
  readonly owner: 'self' | 'organisation';
  readonly known: readonly McpServerInfo[];
  readonly acceptApprovals: boolean;
}

async function importEntry({ request, owner, known, acceptApprovals }: Import, entry: ConfigEntry): Promise<Imported> {
  if (!entry.ok) return { name: entry.name, outcome: 'refused', reason: entry.reason, warnings: [], wouldAllow: [] };
  const { name, given, allowed, disabledTools, warnings, updates, requirements } = entry;
  const of = { name, warnings: [...warnings], wouldAllow: [...allowed] };
  const before = known.find(({ slug, owner: whose }) => slug === given.slug && whose === owner);
  const audience = before?.administered?.audience ?? 'everybody';
  const server = { ...given, audience } as Parameters<typeof changeMcpServer>[0];
  const told = before
    ? await request.tell(changeMcpServer({ ...server, serverId: before.id }))
    : await request.tell(registerMcpServer({ ...server, owner } as Parameters<typeof registerMcpServer>[0]));
  if (!told.ok) {
    if (told.error.code === 'Forbidden') throw new HttpError(told.error.code, told.error.message, told.error.details);
    return { ...of, outcome: 'refused', reason: told.error.message };
  }
  const serverId = before?.id ?? (told.result as { serverId: string }).serverId;
  if (requirements) await request.tell(setMcpRequirements({ serverId, requirements }));
  if (updates) await request.tell(setMcpUpdates({ serverId, updates }));
  for (const tool of disabledTools) await request.tell(chooseMcpTools({ serverId, tool, scope: {}, enabled: false }));
  if (acceptApprovals) for (const tool of allowed) await request.tell(setMcpToolPolicy({ serverId, tool, policy: 'allow' }));
  return { ...of, outcome: before ? 'changed' : 'registered', serverId };
}

const given = route({
  method: 'POST',
  path: '/api/mcp/import',
  summary: 'Register the servers of an `mcpServers` file, or those of VS Code',
  description:
    'Servers that have the same short name are changed. What the file says is data: no variable in it is replaced, no command in it is run by the import. Each entry has its own outcome.',
  tags,
  query: z.object({
    owner: z.enum(['self', 'organisation']).default('self'),
    acceptApprovals: z.enum(['true', 'false']).default('false'),
  }),
  body: McpConfig,
  responses: { 200: { description: 'What became of each.', schema: z.object({ imported: z.array(Imported) }) }, ...commandErrors },
  handle: async (request) => {
    const { owner, acceptApprovals } = request.query;
    const asked = await request.ask(listMcpServers({ owner: owner === 'self' ? 'usable' : 'organisation' }));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const imported: Imported[] = [];
    const work = { request, owner, known: asked.data.servers, acceptApprovals: acceptApprovals === 'true' };
    for (const entry of readConfig(request.body)) imported.push(await importEntry(work, entry));
    return json(200, { imported });
  },
});

const taken = route({
  method: 'GET',
  path: '/api/mcp/export',
  summary: 'One’s own servers as an `mcpServers` file, without what is secret',
  description: '`?owner=organisation`: those of the organisation, for administrators. Of headers and variables only the names are there.',
  tags,
  query: z.object({ owner: z.enum(['self', 'organisation']).default('self') }),
  responses: { 200: { description: 'The file.', schema: z.object({ mcpServers: z.record(z.string(), z.unknown()) }) }, ...commandErrors },
  handle: async (request) => {
    const { owner } = request.query;
    const asked = await request.ask(listMcpServers({ owner: owner === 'self' ? 'usable' : 'organisation' }));
    if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message, asked.error.details);
    const entries = asked.data.servers.flatMap(({ slug, title, transport, enabled, timeoutMs, administered, owner: whose }) => {
      const { address, headerNames = [], envNames = [], oauth = null } = administered ?? {};
      return whose === owner && address ? [[slug, writeEntry({ title, transport, address, headerNames, envNames, enabled, timeoutMs, oauth })]] : [];
    });
    return json(200, { mcpServers: Object.fromEntries(entries) });
  },
});

export const mcpConfigRoutes: readonly RouteDefinition[] = [given, taken];
