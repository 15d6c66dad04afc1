import { z } from 'zod';
import type { RecordedEvent } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { ChoiceScope, mcpChoiceStream, mcpChoices } from '../domain/mcp/choice.ts';
import { mcpContractStream, mcpContracts, ObservedContract } from '../domain/mcp/contract.ts';
import {
  isOrganisationServer,
  McpAudience,
  McpPolicy,
  type McpRing,
  McpServerId,
  McpSlug,
  McpUpdates,
  mcpRingStream,
  mcpRings,
} from '../domain/mcp/server.ts';
import { Requirements } from '../domain/mcp-plan/requirements.ts';
import type { Principal } from '../domain/principal.ts';
import { ORGANISATION } from '../domain/provider-key.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { GivenMcpServer, Line } from './mcp-given.ts';
import { administratorsOnly, annalsOnly, namedPerson, ownerOnly } from './policy.ts';

const personOf = ({ id, onBehalfOf }: Principal): PersonId => onBehalfOf ?? id;
const ringOf = (serverId: string, principal: Principal): string => mcpRingStream(isOrganisationServer(serverId) ? ORGANISATION : personOf(principal));
/** A server is looked for in no ring but the asker's own, or the organisation's by the form of its id. */
const ring = {
  stream: ({ serverId }: { serverId: string }, principal: Principal) => ringOf(serverId, principal),
  aggregate: mcpRings,
  policy: (({ owner, ...request }) => {
    if (owner !== ORGANISATION) return ownerOnly({ owner, ...request });
    return administratorsOnly({ owner, ...request }) === 'allow' ? 'allow' : 'notFound';
  }) as Policy<unknown, McpRing>,
};

interface Adding {
  readonly owner: 'self' | 'organisation';
}
const adding = {
  stream: ({ owner }: Adding, principal: Principal) => mcpRingStream(owner === 'organisation' ? ORGANISATION : personOf(principal)),
  policy: ((request) => (request.input.owner === 'organisation' ? administratorsOnly(request) : namedPerson(request))) as Policy<Adding, McpRing>,
  aggregate: mcpRings,
  subject: ({ owner }: Adding, principal: Principal) => (owner === 'organisation' ? ORGANISATION : personOf(principal)),
  result: (events: readonly RecordedEvent[]) => ({ serverId: firstDataOf<{ serverId: string }>(events).serverId }),
};

/** A server of tools, for oneself, or by an administrator for everybody or some. */
export const registerMcpServer = command('registerMcpServer', {
  input: GivenMcpServer.extend({ owner: z.enum(['self', 'organisation']).default('self') }),
  ...adding,
});
/** By its name in a catalogue: `prepare` puts what that says, with what was answered in its places, where a registration has it. */
export const addFromMcpCatalogue = command('addFromMcpCatalogue', {
  input: z.object({
    entry: McpSlug,
    slug: McpSlug.optional(),
    owner: z.enum(['self', 'organisation']).default('self'),
    inputs: z.record(z.string().max(128), z.union([Line(4000), z.array(Line(4000)).max(50)])).default({}),
    /** Variables of what is started, headers of what is reached. */
    secrets: z.record(z.string().max(128), z.string().max(32_768)).default({}),
  }),
  ...adding,
});
/** The whole of it anew, secrets included: whoever only changes the address cannot have the old ones sent there. */
export const changeMcpServer = command('changeMcpServer', { input: GivenMcpServer.extend({ serverId: McpServerId }), ...ring });
export const switchMcpServer = command('switchMcpServer', {
  input: z.object({ serverId: McpServerId, enabled: z.boolean() }),
  ...ring,
  result: (events: readonly RecordedEvent[]) => ({ switched: events.length > 0 }),
});
export const shareMcpServer = command('shareMcpServer', { input: z.object({ serverId: McpServerId, audience: McpAudience }), ...ring });
export const removeMcpServer = command('removeMcpServer', { input: z.object({ serverId: McpServerId }), ...ring });
const ToolName = z.string().min(1).max(128).nullable().default(null);
/** For everybody who uses a server of the organisation. */
export const setMcpServerPolicy = command('setMcpServerPolicy', {
  input: z.object({ serverId: McpServerId, tool: ToolName, policy: McpPolicy.nullable() }),
  ...ring,
});
/** What it needs of other servers, for the picture of how they depend on each other and for what may be updated. */
export const setMcpRequirements = command('setMcpRequirements', {
  input: z.object({ serverId: McpServerId, requirements: Requirements.nullable() }),
  ...ring,
});
export const setMcpUpdates = command('setMcpUpdates', { input: z.object({ serverId: McpServerId, updates: McpUpdates }), ...ring });
/** Which versions of its package there are is asked by a worker. */
export const lookUpMcpReleases = command('lookUpMcpReleases', { input: z.object({ serverId: McpServerId }), ...ring });
/** By whoever uses it: its lists are read anew by a worker. */
export const refreshMcpServer = command('refreshMcpServer', {
  input: z.object({ serverId: McpServerId, requestId: z.string().min(1).max(128) }),
  ...ring,
  policy: ((request) => {
    const { owner, principal, input, state } = request;
    if (owner !== ORGANISATION) return ownerOnly(request);
    const server = state.servers.get((input as { serverId: string }).serverId);
    const audience = server?.audience ?? [];
    const mayUse = principal.kind !== 'anonymous' && (audience === 'everybody' || audience.some((id) => id === personOf(principal)));
    return mayUse || administratorsOnly(request) === 'allow' ? 'allow' : 'notFound';
  }) as Policy<unknown, McpRing>,
});

const own = { stream: (_input: unknown, principal: Principal) => mcpChoiceStream(personOf(principal)), aggregate: mcpChoices, policy: namedPerson };
export const chooseMcpTools = command('chooseMcpTools', {
  input: z.object({ serverId: McpServerId, tool: ToolName, scope: ChoiceScope.default({}), enabled: z.boolean().nullable() }),
  ...own,
});
export const setMcpToolPolicy = command('setMcpToolPolicy', {
  input: z.object({ serverId: McpServerId, tool: ToolName, policy: McpPolicy.nullable() }),
  ...own,
});

const contract = { stream: ({ contractId }: { contractId: string }) => mcpContractStream(contractId), aggregate: mcpContracts };
export const observeMcpContract = command('observeMcpContract', {
  input: ObservedContract,
  ...contract,
  policy: annalsOnly,
  subject: ({ owner }) => owner as PersonId,
});
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** By whoever owns the server. */
const contractOwner: Policy = ({ owner, ...request }) => {
  if (owner !== ORGANISATION) return ownerOnly({ owner, ...request });
  return administratorsOnly({ owner, ...request }) === 'allow' ? 'allow' : 'notFound';
};
/** A changed definition is taken. */
export const approveMcpTool = command('approveMcpTool', {
  input: z.object({ contractId: z.string().max(300), serverId: McpServerId, tool: z.string().min(1).max(128), hash: Sha256 }),
  ...contract,
  policy: contractOwner,
});
/** All of what the server offers now is taken. */
export const takeMcpContract = command('takeMcpContract', {
  input: z.object({ contractId: z.string().max(300), serverId: McpServerId, contractHash: Sha256 }),
  ...contract,
  policy: contractOwner,
});
