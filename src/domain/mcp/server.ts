import type { z } from 'zod';
import { type Decider, refuse } from '../decider.ts';
import type { EventOf } from '../event.ts';
import type { PersonId } from '../ids.ts';
import type { Requirements } from '../mcp-plan/requirements.ts';
import { isAnonymous } from '../person.ts';
import { ORGANISATION } from '../provider-key.ts';
import { type CatalogueOrigin, heldToCatalogue, isHeldToCatalogue, saidOfOrigin } from './catalogue-origin.ts';
import { slugTag, toolTag } from './names.ts';
import {
  type GivenServer,
  type McpAudience,
  type McpDefinition,
  type McpPolicy,
  McpRefreshRequested,
  McpReleasesWanted,
  McpRequirementsSet,
  McpServerChanged,
  McpServerPolicySet,
  McpServerRegistered,
  McpServerRemoved,
  McpServerShared,
  McpServerSwitched,
  type McpTransport,
  type McpUpdates,
  McpUpdatesSet,
  type mcpServerEvents,
  OF_ORGANISATION,
} from './server-events.ts';

export * from './server-events.ts';

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
  /** The event that says which entry of a catalogue it is; of what was changed since, nothing is said. */
  readonly origin?: { readonly eventId: string; readonly revision: bigint };
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
  | ({ name: 'addFromMcpCatalogue'; owner: 'self' | 'organisation'; catalogue?: CatalogueOrigin } & GivenServer)
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
      case 'McpServerFromCatalogue':
        if (known) state.servers.set(data.serverId, { ...known, origin: { eventId, revision } });
        return state;
      case 'McpServerChanged': {
        const { transport, audience, enabled, auth, timeoutMs, serverId, version } = data;
        if (!known) return state;
        const { plainSlug: _, origin: __, ...before } = known;
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
    if (command.name === 'registerMcpServer' || command.name === 'addFromMcpCatalogue') {
      if (state.servers.size >= MOST_SERVERS) return refuse('TooManyServers', `There are ${MOST_SERVERS} tool servers already: remove one first.`);
      const isOrganisations = command.owner === 'organisation';
      const origin = command.name === 'addFromMcpCatalogue' ? command.catalogue : undefined;
      const tagged = slugTag(tag, stream, command.slug);
      const refused = refusedDefinition(state, command, tagged, isOrganisations || origin?.mayBeStarted === true);
      if (refused) return refused;
      const serverId = newId(isOrganisations ? OF_ORGANISATION : 'mcp_');
      const needs = origin?.requirements;
      return [
        McpServerRegistered({ serverId, number: state.registered + 1, slugTag: tagged, ...asDefinition(command) }),
        ...(origin ? [saidOfOrigin(serverId, origin)] : []),
        ...(needs ? [McpRequirementsSet({ serverId, requirements: needs })] : []),
      ];
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
        if (isHeldToCatalogue(known)) return heldToCatalogue;
        return known.updates === command.updates ? [] : [McpUpdatesSet({ serverId, updates: command.updates })];
      case 'lookUpMcpReleases':
        if (isHeldToCatalogue(known)) return heldToCatalogue;
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
    return refuse(
      'StdioForbidden',
      'A server that is started by a command can only be one of the organisation, which administrators register, or, where the operator lets persons add such, one of the catalogue.',
    );
  if (transport === 'stdio' && auth === 'oauth')
    return refuse('AddressMismatch', 'A server over stdio has no login: give it what it needs as variables.');
  return undefined;
}
