import { z } from 'zod';
import { addFromMcpCatalogue } from '../../commands/mcp.ts';
import type { CatalogueEntry } from '../../domain/mcp/catalogue.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { json } from '../http/answer.ts';
import { queryErrors } from '../http/asks.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';

const tags = ['Tool servers'];
const Asked = z.object({ name: z.string(), title: z.string(), description: z.string(), required: z.boolean(), many: z.boolean() });
const Entry = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  source: z.enum(['shipped', 'operator']).describe('With Annals, or in the signed file of whoever runs this installation.'),
  transport: z.enum(['stdio', 'http', 'sse', 'auto']),
  package: z.object({ name: z.string(), version: z.string(), integrity: z.string() }).nullable(),
  url: z.string().nullable(),
  auth: z.enum(['none', 'oauth']),
  inputs: z.array(Asked).describe('Arguments that have to be said.'),
  secrets: z.array(Asked).describe('Variables or headers; encrypted, and never shown again.'),
  requires: z.record(z.string(), z.string()),
  forOneself: z.boolean().describe('Whoever asks may add it for itself; else administrators may, for everybody.'),
});

const shown = (entry: CatalogueEntry, personsStart: boolean): Omit<z.output<typeof Entry>, 'source'> => {
  const { name, title, description, requires = {}, transport } = entry;
  const of = { name, title, description, requires, transport };
  if ('package' in entry)
    return {
      ...{ ...of, package: entry.package, url: null, auth: 'none', inputs: entry.inputs, secrets: entry.env },
      forOneself: personsStart && entry.persons,
    };
  return { ...of, package: null, url: entry.url, auth: entry.auth, inputs: [], secrets: entry.headers, forOneself: true };
};

const list = route({
  method: 'GET',
  path: '/api/mcp/catalogue',
  summary: 'Servers of tools that can be added by their names',
  description:
    'Those that ship with Annals, and those of the file in `ANNALS_MCP_CATALOGUE`, if its signature is that of `ANNALS_MCP_CATALOGUE_KEY`: else `problem` says why nothing of it is there.',
  tags,
  responses: {
    200: { description: 'With what has to be said of each.', schema: z.object({ entries: z.array(Entry), problem: z.string().nullable() }) },
    ...queryErrors,
  },
  handle: async ({ annals }) => {
    const { entries, problem, personsStart } = await annals.toolServers.catalogue();
    return json(200, { entries: entries.map(({ entry, source }) => ({ ...shown(entry, personsStart), source })), problem });
  },
});

/** Adding servers of tools by their names. */
export const mcpCatalogueRoutes: readonly RouteDefinition[] = [
  list,
  ...routes({
    'POST /api/mcp/catalogue/{entry}': tells(addFromMcpCatalogue, {
      summary: 'Add a server of the catalogue',
      description:
        'It is registered as the catalogue says, at exactly that version, with what `inputs` and `secrets` say in the places it has for them. What is started by a command administrators add for everybody (`owner: "organisation"`), and persons for themselves where `forOneself` says so.',
      tags,
      status: 201,
      result: z.object({ serverId: McpServerId }),
      location: ({ serverId }) => `/api/mcp/servers/${serverId}`,
    }),
  }),
];
