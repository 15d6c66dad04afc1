import { z } from 'zod';
import { type Decider, refuse } from '../decider.ts';
import { type EventOf, event, sealed } from '../event.ts';
import { PersonId } from '../ids.ts';
import { Requirements } from '../mcp-plan/requirements.ts';
import { isAnonymous } from '../person.ts';
import { ORGANISATION } from '../provider-key.ts';
import { slugTag, toolTag } from './names.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const OF_ORGANISATION = 'mcp_org_';
export const McpServerId = z
  .string()
  .max(128)
  .regex(/^mcp_[a-z0-9_]+$/, 'must be the id of a tool server, starting with "mcp_"');

/** What the names of its tools begin with, for a model. */
export const McpSlug = z
  .string()
  .max(32)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'must be a short name of small letters, digits and dashes, such as files');

/** `auto`: Streamable HTTP, and where that is not understood the older SSE. */
export const McpTransport = z.enum(['stdio', 'http', 'sse', 'auto']);
/** Who may use a server of the organisation: everybody who has a name here, or those who are named. A person's own is that person's. */
export const McpAudience = z.union([z.literal('everybody'), z.array(PersonId).max(1000)]);
/** What happens when a model wants to call a tool; of several that apply the strictest counts. */
export const McpPolicy = z.enum(['deny', 'ask', 'allow']);
export type McpPolicy = z.output<typeof McpPolicy>;
/** Whether new versions of a package are taken when somebody says so, or by themselves where nothing breaks and nothing new is said to models. */
export const McpUpdates = z.enum(['manual', 'compatible']);
export type McpUpdates = z.output<typeof McpUpdates>;
export type McpTransport = z.output<typeof McpTransport>;

export const McpAddress = z.union([
  z.strictObject({ command: z.string(), args: z.array(z.string()), cwd: z.string().nullable() }),
  z.strictObject({ url: z.string() }),
]);
export type McpAddress = z.output<typeof McpAddress>;

const definition = {
  /** What the short name is recognised by: the name itself is sealed. */
  slugTag: z.string(),
  /** Of version 1, which had it in the clear. */
  plainSlug: z.string().optional(),
  transport: McpTransport,
  audience: McpAudience,
  enabled: z.boolean(),
  auth: z.enum(['none', 'oauth']),
  /** How long one call may take, in ms; null: what is usual here. */
  timeoutMs: z.int().nullable(),
};
/** `secret` is JSON of `{ headers, env, clientSecret }`; of these only the names stand outside it. */
const personal = {
  /** Absent in version 1. */
  slug: McpSlug.optional(),
  title: z.string(),
  address: McpAddress,
  headerNames: z.array(z.string()),
  envNames: z.array(z.string()),
  oauth: z.strictObject({ clientId: z.string().nullable(), scopes: z.array(z.string()) }).nullable(),
  secret: z.string(),
};
const Definition = z.object({ ...definition, ...personal });
type McpDefinition = z.output<typeof Definition>;

/** A server as it is given. */
export interface GivenServer extends Omit<McpDefinition, 'slugTag' | 'plainSlug' | 'slug' | 'headerNames' | 'envNames' | 'oauth' | 'secret'> {
  readonly slug: string;
  readonly headers: Record<string, string>;
  readonly env: Record<string, string>;
  readonly oauth?: { clientId: string | null; clientSecret?: string; scopes: string[] };
}

export const McpServerRegistered = event('McpServerRegistered', 2, {
  serverId: McpServerId,
  /** Counts its owner's servers, from 1 on. */
  number: z.int(),
  ...definition,
  ...sealed(personal, { hidden: ['secret'] }),
});
/** The whole of it anew. `version` counts; `dropped`: events whose secrets nobody needs any more. */
export const McpServerChanged = event('McpServerChanged', 2, {
  serverId: McpServerId,
  version: z.int(),
  dropped: z.array(z.string()),
  ...definition,
  ...sealed(personal, { hidden: ['secret'] }),
});
export const McpServerSwitched = event('McpServerSwitched', 1, { serverId: McpServerId, enabled: z.boolean() });
export const McpServerShared = event('McpServerShared', 1, { serverId: McpServerId, audience: McpAudience });
export const McpServerRemoved = event('McpServerRemoved', 1, { serverId: McpServerId, dropped: z.array(z.string()) });
/** By administrators, for whoever uses a server of the organisation; null takes it back. Without `tool` it is about all of its tools. */
export const McpServerPolicySet = event('McpServerPolicySet', 2, {
  serverId: McpServerId,
  toolTag: z.string().nullable(),
  /** Of version 1, which had it in the clear and nothing sealed. */
  plainTool: z.string().optional(),
  policy: McpPolicy.nullable(),
  ...sealed({ tool: z.string().nullable() }),
});
/** Somebody wants its lists read anew. */
export const McpRefreshRequested = event('McpRefreshRequested', 1, { serverId: McpServerId, requestId: z.string(), by: z.string() });
/** What it needs of other servers and of this machine, and cannot stand; null takes it back. */
export const McpRequirementsSet = event('McpRequirementsSet', 1, { serverId: McpServerId, ...sealed({ requirements: Requirements.nullable() }) });
export const McpUpdatesSet = event('McpUpdatesSet', 1, { serverId: McpServerId, updates: McpUpdates });
/** Somebody wants to know which versions of its package there are. */
export const McpReleasesWanted = event('McpReleasesWanted', 1, { serverId: McpServerId });

export const mcpServerEvents = [
  McpServerRegistered,
  McpServerChanged,
  McpServerSwitched,
  McpServerShared,
  McpServerRemoved,
  McpServerPolicySet,
  McpRefreshRequested,
  McpRequirementsSet,
  McpUpdatesSet,
  McpReleasesWanted,
] as const;
type McpServerEvent = EventOf<(typeof mcpServerEvents)[number]>;

export interface RingServer {
  readonly serverId: string;
  readonly owner: PersonId;
  readonly slugTag: string;
  readonly plainSlug?: string;
  readonly transport: McpTransport;
  readonly audience: z.output<typeof McpAudience>;
  readonly enabled: boolean;
  readonly auth: 'none' | 'oauth';
  readonly timeoutMs: number | null;
  readonly version: number;
  /** The event that holds the rest. */
  readonly place: { readonly eventId: string; readonly revision: bigint };
  /** By the tag of the tool, `''` for all. */
  readonly policies: ReadonlyMap<string, McpPolicy>;
  readonly updates: McpUpdates;
  /** The event that holds what it needs. */
  readonly needs?: { readonly eventId: string; readonly revision: bigint };
}

/** With its short name opened. */
export interface NamedServer extends RingServer {
  readonly slug: string;
}

/** All servers of one owner: so that they are found without any view, and nobody reaches those of another. */
export interface McpRing {
  owner?: PersonId;
  readonly servers: Map<string, RingServer>;
  registered: number;
}

export type McpServerCommand =
  | ({ name: 'registerMcpServer'; owner: 'self' | 'organisation' } & GivenServer)
  | ({ name: 'changeMcpServer'; serverId: string } & GivenServer)
  | { name: 'switchMcpServer'; serverId: string; enabled: boolean }
  | { name: 'shareMcpServer'; serverId: string; audience: z.output<typeof McpAudience> }
  | { name: 'removeMcpServer'; serverId: string }
  | { name: 'setMcpServerPolicy'; serverId: string; tool: string | null; policy: McpPolicy | null }
  | { name: 'refreshMcpServer'; serverId: string; requestId: string }
  | { name: 'setMcpRequirements'; serverId: string; requirements: Requirements | null }
  | { name: 'setMcpUpdates'; serverId: string; updates: McpUpdates }
  | { name: 'lookUpMcpReleases'; serverId: string };

export const mcpRingStream = (owner: string): string => `mcpservers-${owner}`;
export const isOrganisationServer = (id: string): boolean => id.startsWith(OF_ORGANISATION);

/** Whether this person may use the server. */
export const isForPerson = ({ owner, audience }: Pick<RingServer, 'owner' | 'audience'>, person: PersonId): boolean =>
  owner === person || (owner === ORGANISATION && !isAnonymous(person) && (audience === 'everybody' || audience.includes(person)));

const MOST_SERVERS = 100;
const absent = refuse('NotFound', 'There is no such tool server here, or it is not yours.');

export const mcpRings: Decider<McpRing, McpServerCommand, McpServerEvent> = {
  initialState: () => ({ servers: new Map(), registered: 0 }),
  evolve: (state, event) => {
    const { type, data, id: eventId, revision, metadata } = event;
    const known = state.servers.get(data.serverId);
    switch (type) {
      case 'McpServerRegistered': {
        const { transport, audience, enabled, auth, timeoutMs, serverId } = data;
        const owner = metadata.subject;
        state.owner = owner;
        state.registered += 1;
        const place = { eventId, revision };
        const own = { version: 1, place, policies: new Map(), updates: 'manual' } as const;
        state.servers.set(serverId, { serverId, owner, ...nameIn(data), transport, audience, enabled, auth, timeoutMs, ...own });
        return state;
      }
      case 'McpServerChanged': {
        const { transport, audience, enabled, auth, timeoutMs, serverId, version } = data;
        if (!known) return state;
        const { plainSlug: _, ...before } = known;
        const now = { ...nameIn(data), transport, audience, enabled, auth, timeoutMs, version, place: { eventId, revision } };
        state.servers.set(serverId, { ...before, ...now });
        return state;
      }
      case 'McpServerSwitched':
        if (known) state.servers.set(data.serverId, { ...known, enabled: data.enabled });
        return state;
      case 'McpServerShared':
        if (known) state.servers.set(data.serverId, { ...known, audience: data.audience });
        return state;
      case 'McpServerRemoved':
        state.servers.delete(data.serverId);
        return state;
      case 'McpServerPolicySet': {
        if (!known) return state;
        const policies = new Map(known.policies);
        if (data.policy === null) policies.delete(data.toolTag ?? '');
        else policies.set(data.toolTag ?? '', data.policy);
        state.servers.set(data.serverId, { ...known, policies });
        return state;
      }
      case 'McpRequirementsSet':
        if (known) state.servers.set(data.serverId, { ...known, needs: { eventId, revision } });
        return state;
      case 'McpUpdatesSet':
        if (known) state.servers.set(data.serverId, { ...known, updates: data.updates });
        return state;
      case 'McpRefreshRequested':
      case 'McpReleasesWanted':
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
  decide: (command, state, { newId, actor, stream, tag }) => {
    if (command.name === 'registerMcpServer') {
      if (state.servers.size >= MOST_SERVERS) return refuse('TooManyServers', `There are ${MOST_SERVERS} tool servers already: remove one first.`);
      const { owner, ...given } = command;
      const tagged = slugTag(tag, stream, given.slug);
      const refused = refusedDefinition(state, given, tagged, owner === 'organisation');
      if (refused) return refused;
      const serverId = newId(owner === 'organisation' ? OF_ORGANISATION : 'mcp_');
      return [McpServerRegistered({ serverId, number: state.registered + 1, slugTag: tagged, ...asDefinition(given) })];
    }
    const known = state.servers.get(command.serverId);
    if (known === undefined) return absent;
    const { serverId } = known;
    switch (command.name) {
      case 'changeMcpServer': {
        const tagged = slugTag(tag, stream, command.slug);
        const refused = refusedDefinition(state, command, tagged, isOrganisationServer(serverId), serverId);
        const version = known.version + 1;
        return refused ?? [McpServerChanged({ serverId, version, dropped: [known.place.eventId], slugTag: tagged, ...asDefinition(command) })];
      }
      case 'switchMcpServer':
        return known.enabled === command.enabled ? [] : [McpServerSwitched({ serverId, enabled: command.enabled })];
      case 'shareMcpServer':
        if (!isOrganisationServer(serverId)) return refuse('NotShareable', 'Only a server of the organisation can be shared: ask an administrator.');
        return [McpServerShared({ serverId, audience: command.audience })];
      case 'removeMcpServer':
        return [McpServerRemoved({ serverId, dropped: [known.place.eventId] })];
      case 'setMcpServerPolicy': {
        const { tool, policy } = command;
        const tagged = toolTag(tag, serverId, tool);
        return (known.policies.get(tagged ?? '') ?? null) === policy ? [] : [McpServerPolicySet({ serverId, toolTag: tagged, policy, tool })];
      }
      case 'refreshMcpServer':
        return [McpRefreshRequested({ serverId, requestId: command.requestId, by: actor })];
      case 'setMcpRequirements':
        return [McpRequirementsSet({ serverId, requirements: command.requirements })];
      case 'setMcpUpdates':
        return known.updates === command.updates ? [] : [McpUpdatesSet({ serverId, updates: command.updates })];
      case 'lookUpMcpReleases':
        return [McpReleasesWanted({ serverId })];
      default:
        return command satisfies never;
    }
  },
};

const nameIn = ({ slugTag: tagged, plainSlug }: { slugTag: string; plainSlug?: string | undefined }) => ({
  slugTag: tagged,
  ...(plainSlug === undefined ? {} : { plainSlug }),
});

/** As it is stored: what is secret as one text, and the names of it beside. */
function asDefinition({
  slug,
  title,
  transport,
  audience,
  enabled,
  auth,
  timeoutMs,
  address,
  headers,
  env,
  oauth,
}: GivenServer): Omit<McpDefinition, 'slugTag'> {
  return {
    ...{ slug, title, transport, audience, enabled, auth, timeoutMs, address },
    headerNames: Object.keys(headers),
    envNames: Object.keys(env),
    oauth: oauth ? { clientId: oauth.clientId, scopes: oauth.scopes } : null,
    secret: JSON.stringify({ headers, env, ...(oauth?.clientSecret === undefined ? {} : { clientSecret: oauth.clientSecret }) }),
  };
}

function refusedDefinition(
  { servers }: McpRing,
  { slug, transport, address, auth }: GivenServer,
  tagged: string,
  organisations: boolean,
  self?: string,
) {
  const twin = [...servers.values()].find((server) => server.slugTag === tagged && server.serverId !== self);
  if (twin) return refuse('SlugTaken', `Another tool server is called ${slug} already: choose another short name.`, { serverId: twin.serverId });
  if ((transport === 'stdio') !== 'command' in address)
    return refuse('AddressMismatch', 'A server over stdio is started by a command; every other one has an address.');
  if (transport === 'stdio' && !organisations)
    return refuse('StdioForbidden', 'A server that is started by a command can only be one of the organisation, which administrators register.');
  if (transport === 'stdio' && auth === 'oauth')
    return refuse('AddressMismatch', 'A server over stdio has no login: give it what it needs as variables.');
  return undefined;
}
