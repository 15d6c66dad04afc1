import { z } from 'zod';
import { IsoTime, type PersonId } from '../domain/ids.ts';
import { AccessLoss, LoginFailure, mcpAccess, mcpAccessStream } from '../domain/mcp/access.ts';
import { McpServerId } from '../domain/mcp/server.ts';
import type { Principal } from '../domain/principal.ts';
import { command, firstDataOf } from './command.ts';
import { annalsOnly, namedPerson } from './policy.ts';

const personOf = ({ id, onBehalfOf }: Principal): PersonId => onBehalfOf ?? id;
/** Nobody says whose access it is: it is one's own. */
const own = {
  stream: ({ serverId }: { serverId: string }, principal: Principal) => mcpAccessStream(serverId, personOf(principal)),
  aggregate: mcpAccess,
  subject: (_input: unknown, principal: Principal) => personOf(principal),
};
const byPerson = { ...own, policy: namedPerson };
const byAnnals = { ...own, policy: annalsOnly };
const of = { serverId: McpServerId };
const fresh = { expiresAt: IsoTime.nullable(), refreshable: z.boolean(), grant: z.string().max(200_000) };
const newest = { ...of, generation: z.int() };

export const beginMcpLogin = command('beginMcpLogin', {
  input: z.object({ ...of, registration: z.int(), state: z.string().min(16).max(500), pending: z.string().max(200_000) }),
  ...byPerson,
});
/** Spends the state. */
export const answerMcpLogin = command('answerMcpLogin', {
  input: z.object({ ...of, state: z.string().max(500) }),
  ...byPerson,
  result: (events) => ({ attempt: firstDataOf<{ attempt: string } | undefined>(events)?.attempt ?? '' }),
});
export const failMcpLogin = command('failMcpLogin', { input: z.object({ ...of, attempt: z.string(), code: LoginFailure }), ...byAnnals });
export const grantMcpAccess = command('grantMcpAccess', {
  input: z.object({ ...of, attempt: z.string(), issuer: z.string().max(2000), ...fresh }),
  ...byAnnals,
});
export const beginMcpRefresh = command('beginMcpRefresh', {
  input: z.object({ ...newest, instead: z.string().nullable() }),
  ...byAnnals,
  result: (events) => ({ refresh: firstDataOf<{ refresh: string } | undefined>(events)?.refresh ?? '' }),
});
export const failMcpRefresh = command('failMcpRefresh', { input: z.object({ ...newest, refresh: z.string() }), ...byAnnals });
export const refreshMcpAccess = command('refreshMcpAccess', { input: z.object({ ...newest, ...fresh }), ...byAnnals });
export const loseMcpAccess = command('loseMcpAccess', { input: z.object({ ...newest, code: AccessLoss }), ...byAnnals });
/** Its tokens are forgotten; the authorization server is told by whoever tells this. */
export const revokeMcpAccess = command('revokeMcpAccess', { input: z.object(of), ...byPerson });
