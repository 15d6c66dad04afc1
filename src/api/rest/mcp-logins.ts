import { z } from 'zod';
import { anyPerson } from '../../commands/policy.ts';
import { CLIENT_METADATA, LOGIN_CALLBACK, loginClient } from '../../domain/mcp/login-client.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { mayDo } from '../../domain/principal.ts';
import type { McpServerInfo } from '../../projections/queries/mcp.ts';
import { json } from '../http/answer.ts';
import { createRateLimit } from '../http/identity/rate-limit.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest, Visit } from '../http/request.ts';
import { openRoute, type RouteDefinition, route } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';
import type { statusJson } from './mcp-schemas.ts';

const tags = ['Tool servers'];
const ofServer = '/api/mcp/servers/{serverId}';
/** Of the web app, which hands the answer on in the name of whoever is logged in there. */
const PAGE = '/app/settings/tool-servers';
const PER_MINUTE = 300;

type Status = ReturnType<typeof statusJson>;

/** Without a login there is no connection, whatever the processes know of one; says why, and where to begin one. */
export function withLogin({ id, login }: Pick<McpServerInfo, 'id' | 'login'>, status: Status | null): (Status & { authorize?: string }) | null {
  if (login === undefined || login.connected) return status;
  const figures = status ?? { calls: 0, errors: 0, reconnects: 0, active: 0 };
  return { ...figures, state: 'needs_auth', since: login.since, reason: login.reason ?? '', authorize: `/api/mcp/servers/${id}/authorize` };
}

/** Asked before anybody else is: whoever may change nothing begins and ends no logins. */
function requireWriting({ annals, principal, requestId, params }: RouteRequest<{ serverId: string }>, what: string): void {
  const decision = mayDo('write', principal) ? anyPerson({ principal, input: params, state: undefined, owner: undefined }) : forbidden;
  if (decision === 'allow') return;
  const { code, message } = decision === 'notFound' ? forbidden : decision;
  annals.refusals.record(principal, { verb: 'tell', what, code, target: params.serverId }, requestId);
  throw new HttpError(code, message);
}
const forbidden = { code: 'Forbidden', message: 'This token, or this role, may only read.' };

/** Logging in at servers of tools, where each person does so for itself. */
export function toolLoginRoutes({ publicUrl }: { readonly publicUrl?: string | undefined }): readonly RouteDefinition[] {
  const limit = createRateLimit(PER_MINUTE);
  const baseOf = ({ kernel, req }: Pick<Visit, 'kernel' | 'req'>): string =>
    publicUrl?.replace(/\/+$/, '') ?? `${kernel.keys.isSecure(req) ? 'https' : 'http'}://${req.headers.host}`;

  const authorize = route({
    method: 'POST',
    path: `${ofServer}/authorize`,
    summary: 'Begin to log in at a server of tools',
    description:
      'Answers the address to open in a browser; it comes back to this server’s own page, which hands the answer on. Good for ten minutes, for whoever has begun it, once.',
    tags,
    params: z.object({ serverId: McpServerId }),
    responses: {
      200: {
        description: 'Where to log in, and where the browser comes back to.',
        schema: z.object({ authorizationUrl: z.string(), redirectUrl: z.string() }),
      },
      ...commandErrors,
    },
    handle: async (request) => {
      requireWriting(request, 'beginMcpLogin');
      const { annals, principal, params } = request;
      const base = baseOf(request);
      const begun = await annals.toolServers.logins.begin(principal, params.serverId, base);
      if (!begun.ok) throw new HttpError(begun.error.code, begun.error.message, begun.error.details);
      return json(200, { authorizationUrl: begun.location, redirectUrl: base + LOGIN_CALLBACK });
    },
  });

  const answer = route({
    method: 'POST',
    path: '/api/mcp/logins',
    summary: 'Hand on what came back from a login at a server of tools',
    description:
      'What the browser was sent back with: `state` and `code`, `iss` where it came along, or `error`. The connection is made from then on.',
    tags,
    body: z.object({
      state: z.string().min(1).max(500),
      code: z.string().min(1).max(4000).optional(),
      iss: z.string().max(2000).optional(),
      error: z.string().max(200).optional(),
    }),
    responses: { 200: { description: 'Logged in.', schema: z.object({ serverId: McpServerId }) }, ...commandErrors },
    handle: async ({ annals, principal, body }) => {
      const finished = await annals.toolServers.logins.finish(principal, body);
      if (!finished.ok) throw new HttpError(finished.error.code, finished.error.message, finished.error.details);
      return json(200, { serverId: finished.serverId });
    },
  });

  const disconnect = route({
    method: 'DELETE',
    path: `${ofServer}/authorization`,
    summary: 'Forget one’s login at a server of tools, and end its connection',
    tags,
    params: z.object({ serverId: McpServerId }),
    responses: {
      200: { description: '`toldServer`: the authorization server has ended it too.', schema: z.object({ toldServer: z.boolean() }) },
      ...commandErrors,
    },
    handle: async (request) => {
      requireWriting(request, 'revokeMcpAccess');
      const { annals, principal, params } = request;
      const ended = await annals.toolServers.logins.disconnect(principal, params.serverId);
      if (!ended.ok) throw new HttpError(ended.error.code, ended.error.message, ended.error.details);
      return json(200, { toldServer: ended.told });
    },
  });

  const callback = openRoute({
    method: 'GET',
    path: LOGIN_CALLBACK,
    summary: 'Where authorization servers send browsers back to',
    description: 'Hands the answer to the web app, in a fragment, which no log sees: a request that another site has begun is nobody’s here.',
    tags,
    responses: { 303: { description: 'To the web app.' }, 429: { description: 'Too many requests from this address.' } },
    handle: async (visit) => {
      limit(visit);
      const given = new URL(visit.req.url, 'http://own.invalid').searchParams;
      const kept = ['state', 'code', 'iss', 'error'].flatMap((name) => {
        const value = given.get(name);
        return value === null ? [] : [[name, value.slice(0, 4000)]];
      });
      return { status: 303, headers: { location: `${PAGE}#${new URLSearchParams(kept)}` } };
    },
  });

  const client = openRoute({
    method: 'GET',
    path: CLIENT_METADATA,
    summary: 'Who this server is, for authorization servers that take the address of it as a client’s id',
    tags,
    responses: { 200: { description: 'OAuth client metadata.', schema: z.record(z.string(), z.json()) } },
    handle: async (visit) => {
      const base = baseOf(visit);
      return json(200, { client_id: base + CLIENT_METADATA, client_uri: base, ...loginClient(base + LOGIN_CALLBACK) });
    },
  });

  return [authorize, answer, disconnect, callback, client];
}
