import { z } from 'zod';
import { listMcpTools } from '../../projections/queries/mcp-tools.ts';
import { json } from '../http/answer.ts';
import { errorHeaders, HttpError, statusOf } from '../http/problem.ts';
import { type ErrorForm, type RouteDefinition, route } from '../http/route.ts';
import { refreshAll } from '../rest/mcp.ts';
import { builtInTools } from '../rest/mcp-desk.ts';

/** An error as PMM’s clients read it. */
const errors: ErrorForm = (error) => ({ status: statusOf(error.code), headers: errorHeaders(error), json: { error: error.message } });
const Tool = z.object({ name: z.string(), description: z.string(), input_schema: z.record(z.string(), z.json()), server: z.string() });

/** The tools of one’s servers that are offered to models, as PMM’s clients list them. */
export const pmmToolRoutes: readonly RouteDefinition[] = [
  route({
    method: 'GET',
    path: '/v1/chat/mcp/tools',
    summary: 'The tools that models may call for this person',
    tags: ['PMM: chat'],
    errors,
    query: z.object({ force_refresh: z.string().optional() }),
    responses: {
      200: { description: 'The tools.', schema: z.object({ tools: z.array(Tool), force_refresh: z.boolean().optional() }) },
      401: { description: 'Nobody’s.' },
    },
    handle: async (request) => {
      const fresh = ['true', '1'].includes(request.query.force_refresh ?? '');
      const { after } = fresh ? await refreshAll(request) : {};
      const asked = await request.ask(listMcpTools({}), after === undefined ? {} : { after });
      if (!asked.ok) throw new HttpError(asked.error.code, asked.error.message);
      const tools = [...(await builtInTools(request, {})), ...asked.data.tools]
        .filter(({ offered }) => offered)
        .map(({ name, description, inputSchema, server }) => ({ name, description: description ?? '', input_schema: inputSchema, server }));
      return json(200, { tools, ...(fresh ? { force_refresh: true } : {}) });
    },
  }),
];
