import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Loader } from '../../adapters/event-store/loader.ts';
import { resolveOwner } from '../../adapters/event-store/owner.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpTarget } from '../../adapters/mcp/port.ts';
import { reveal } from '../../commands/hidden.ts';
import { McpSecret } from '../../commands/mcp-given.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type McpChoices, mcpChoiceStream, mcpChoices, type Renamed } from '../../domain/mcp/choice.ts';
import { contractIdOf, type McpContract, mcpContractStream, mcpContracts } from '../../domain/mcp/contract.ts';
import { mcpReleaseStream, mcpReleases } from '../../domain/mcp/release.ts';
import {
  isForPerson,
  isOrganisationServer,
  McpAddress,
  mcpRingStream,
  mcpRings,
  type NamedServer,
  type RingServer,
} from '../../domain/mcp/server.ts';
import { Requirements } from '../../domain/mcp-plan/requirements.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';

export interface RegistryParts {
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
}

/** What stands sealed in a server's registration. */
const Personal = z.object({
  slug: z.string().optional(),
  title: z.string(),
  address: McpAddress,
  oauth: z.object({ clientId: z.string().nullable(), scopes: z.array(z.string()) }).nullable(),
  secret: z.string(),
});

const Needs = z.object({ requirements: Requirements.nullable() });

export interface OpenedServer {
  readonly title: string;
  readonly target: McpTarget;
  readonly oauth: z.output<typeof Personal>['oauth'];
  readonly clientSecret?: string;
}

/** Servers, choices and contracts as the log has them now. A server whose name cannot be opened any more is not there. */
export interface McpRegistry {
  /** Those that this person may use, switched off ones included: the organisation's first. */
  serversFor(person: PersonId): Promise<readonly NamedServer[]>;
  find(serverId: string, person: PersonId): Promise<NamedServer | undefined>;
  choicesOf(person: PersonId): Promise<McpChoices>;
  /** Names that updates which run have given tools of the server. */
  renamedAt(server: RingServer): Promise<Renamed>;
  contractOf(server: RingServer, person: PersonId): Promise<McpContract>;
  /** With its secrets in the clear, for the connect and nothing else; undefined when they cannot be read any more. */
  open(server: RingServer): Promise<OpenedServer | undefined>;
  /** What it says it needs of others. */
  needsOf(server: RingServer): Promise<Requirements | undefined>;
}

export function createMcpRegistry({ loader, store, sealer }: RegistryParts): McpRegistry {
  const ringOf = async (owner: PersonId) => (await loader.load(mcpRingStream(owner), mcpRings)).state;
  const ownerOf = async (person: PersonId): Promise<PersonId> => (await resolveOwner(loader, { owner: person })) ?? person;

  const slugs = new LRUCache<string, string>({ max: 5000, ttl: 5000 });
  const slugOf = async (server: RingServer): Promise<string | undefined> => {
    const { eventId } = server.place;
    const known = server.plainSlug ?? slugs.get(eventId);
    if (known !== undefined) return known;
    const { slug } = (await openedAt(server)) ?? {};
    if (slug !== undefined) slugs.set(eventId, slug);
    return slug;
  };
  const named = async (server: RingServer): Promise<NamedServer[]> => {
    const slug = await slugOf(server);
    return slug === undefined ? [] : [{ ...server, slug }];
  };
  const openedAt = async ({ owner, place }: RingServer): Promise<z.output<typeof Personal> | undefined> => {
    for await (const { id, data, metadata } of store.read(mcpRingStream(owner), { from: place.revision, max: 1 })) {
      if (id !== place.eventId || metadata.subject !== owner) return undefined;
      const opened = await sealer.open(data.sealed as unknown as Sealed, id);
      return isUnopened(opened) ? undefined : Personal.parse(opened);
    }
    return undefined;
  };

  return {
    async serversFor(person) {
      const rings = await Promise.all([...new Set([ORGANISATION, await ownerOf(person)])].map(ringOf));
      const all = rings.flatMap(({ servers }) => [...servers.values()]).filter((server) => isForPerson(server, person));
      return (await Promise.all(all.map(named))).flat();
    },
    async find(serverId, person) {
      const { servers } = await ringOf(isOrganisationServer(serverId) ? ORGANISATION : await ownerOf(person));
      const server = servers.get(serverId);
      return server && isForPerson(server, person) ? (await named(server))[0] : undefined;
    },
    choicesOf: async (person) => (await loader.load(mcpChoiceStream(person), mcpChoices)).state,
    async renamedAt({ serverId, transport }) {
      if (transport !== 'stdio') return [];
      return (await loader.load(mcpReleaseStream(serverId), mcpReleases)).state.renamed.map(({ names }) => names);
    },
    contractOf: async (server, person) => (await loader.load(mcpContractStream(contractIdOf(server, person)), mcpContracts)).state,
    async open(server) {
      const opened = await openedAt(server);
      if (!opened) return undefined;
      const { title, address, oauth, secret: hidden } = opened;
      const secret = await reveal(sealer, { subject: server.owner, eventId: server.place.eventId, field: 'secret' }, hidden);
      if (isUnopened(secret)) return undefined;
      const { headers, env, clientSecret } = McpSecret.parse(JSON.parse(secret));
      const target = targetOf(address, server.transport, { headers, env });
      return { title, target, oauth, ...(clientSecret === undefined ? {} : { clientSecret }) };
    },
    async needsOf({ owner, needs }) {
      if (!needs) return undefined;
      for await (const { id, data } of store.read(mcpRingStream(owner), { from: needs.revision, max: 1 })) {
        const opened = await sealer.open(data.sealed as unknown as Sealed, id);
        return id !== needs.eventId || isUnopened(opened) ? undefined : (Needs.parse(opened).requirements ?? undefined);
      }
      return undefined;
    },
  };
}

function targetOf(
  address: McpAddress,
  transport: RingServer['transport'],
  { headers, env }: { headers: Record<string, string>; env: Record<string, string> },
): McpTarget {
  if ('command' in address) {
    const { command, args, cwd } = address;
    return { kind: 'stdio', command, args, env, ...(cwd === null ? {} : { cwd }) };
  }
  return { kind: transport === 'stdio' ? 'auto' : transport, url: address.url, headers };
}
