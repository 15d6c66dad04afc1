import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { v4 } from 'uuid';
import type { Blobs } from '../../adapters/blobs/port.ts';
import type { DocumentStore } from '../../adapters/document-store/port.ts';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Blocked } from '../../adapters/guarded-fetch/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpConnector } from '../../adapters/mcp/port.ts';
import type { McpCatalogue } from '../../adapters/mcp-catalogue/port.ts';
import { type NpmPackages, noNpm } from '../../adapters/npm/port.ts';
import type { Tell } from '../../commands/command.ts';
import { recordBlocked, type SecurityLog } from '../../commands/security-log.ts';
import { tagger } from '../../commands/tagger.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { PersonId } from '../../domain/ids.ts';
import { McpAccessGranted, McpAccessRevoked, mcpAccessStream } from '../../domain/mcp/access.ts';
import type { ConfigEntry } from '../../domain/mcp/config.ts';
import { mcpReleaseStream } from '../../domain/mcp/release.ts';
import { McpReleaseRolledBack, McpReleaseSwapped } from '../../domain/mcp/release-events.ts';
import {
  isForPerson,
  isOrganisationServer,
  McpRefreshRequested,
  McpServerChanged,
  McpServerRegistered,
  mcpRingStream,
  type NamedServer,
} from '../../domain/mcp/server.ts';
import { ANNALS } from '../../domain/person.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import type { Hub } from '../../projections/hub.ts';
import type { Views } from '../../projections/query.ts';
import type { Duties } from '../duties.ts';
import type { JobPlans } from '../jobs/kind.ts';
import { createKeepFile } from '../keep-file.ts';
import { done, type Reaction, type Verdict } from '../reaction.ts';
import { searchableTools } from '../tool-search.ts';
import type { ToolSource } from '../tools.ts';
import { createMcpAccess } from './access.ts';
import { createMcpBoard, type McpBoard } from './board.ts';
import { createConflicts } from './conflicts.ts';
import { createContracts } from './contracts.ts';
import { forgetLogins } from './forget-logins.ts';
import { createLaunch } from './launch.ts';
import { createMcpLogins, type McpLogins } from './logins.ts';
import { lookUp, lookUpAll, pruneReleases } from './looking-up.ts';
import { createMcpMetrics } from './metrics.ts';
import { onlyAsCatalogued } from './origins.ts';
import { createMcpPool } from './pool.ts';
import { type McpLimits, type McpPool, usualMcpLimits } from './pool-parts.ts';
import { provideServers } from './provided.ts';
import { createMcpRegistry, type McpRegistry } from './registry.ts';
import { recordOf, releaseReactions } from './release-reactions.ts';
import { createReleases } from './releases.ts';
import { createMcpTools } from './tools.ts';
import { createUnseen } from './unseen.ts';
import { updateJob } from './update-job.ts';
import type { UpdateParts } from './update-parts.ts';

export interface McpParts {
  readonly tell: Tell;
  readonly loader: Loader;
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly blobs: Blobs;
  readonly hub: Hub;
  readonly views: Views;
  readonly state: DocumentStore;
  readonly secret: Buffer;
  readonly security: Pick<SecurityLog, 'record'>;
  readonly setting: McpSetting;
  readonly now: () => Date;
  readonly onProblem: (reason: string) => void;
}

/** How servers of tools are connected to, which commands may be started for them (default: any), and which an operator registers. */
export interface McpSetting {
  readonly connector: (onBlocked: (blocked: Blocked) => void) => McpConnector;
  readonly commands?: readonly string[];
  /** What may be added by its name, and whether persons may add what is started by a command; default: nothing, and no. */
  readonly catalogue?: McpCatalogue;
  readonly personsStart?: boolean;
  readonly limits?: Partial<McpLimits>;
  readonly provided?: readonly ConfigEntry[];
  /** By what packages are found and installed apart; without it nothing is updated. */
  readonly npm?: NpmPackages;
  /** How often new versions are looked for, and how long one is watched after the swap, in ms. */
  readonly lookUpMs?: number;
  readonly watchMs?: number;
  readonly pollMs?: number;
  /** Definitions that cost more tokens are looked for by the model. */
  readonly searchTokens?: number;
}

/** After these the lists of a server are read, by whoever it concerns. */
const readAnew = [McpServerRegistered.type, McpServerChanged.type, McpRefreshRequested.type, McpAccessGranted.type];

const SWEEP_MS = 1000;
const USUAL_SEARCH_TOKENS = 20_000;
/** For how long somebody waits for lists to be read, at most. */
const WAITED_MS = 60_000;
const POLL_MS = 1000;
const UNSEEN_MS = 2000;
const PRUNE_MS = 3600_000;
const WATCH_MS = 600_000;
const LOOK_UP_MS = 24 * 3600_000;

/** Everything about servers of tools that goes on in this process. */
export interface Mcp {
  readonly tools: ToolSource;
  readonly reactions: readonly Reaction[];
  /** Updates of servers. */
  readonly jobs: JobPlans;
  readonly statuses: McpBoard['read'];
  readonly logins: McpLogins;
  readonly metrics: () => Promise<{ contentType: string; text: string }>;
  /** What is wrong with servers of the organisation, as this process sees it. */
  problems(): readonly string[];
  /** Registers what the operator provides, and looks after connections until the signal. */
  work(duties: Pick<Duties, 'alone'>, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export function createMcp(parts: McpParts): Mcp {
  const { hub, now, onProblem, security, setting } = parts;
  const tag = tagger(parts.secret);
  const registry = createMcpRegistry(parts);
  const contracts = createContracts(parts);
  const board = createMcpBoard({ state: parts.state, sealer: parts.sealer, process: v4(), now });
  const npm = setting.npm ?? noNpm;
  const limits = { ...usualMcpLimits, ...setting.limits };
  const connector = setting.connector(recordBlocked(security, 'tool servers'));
  const { authorizer } = connector;
  const access = createMcpAccess({ ...parts, authorizer });
  const releases = createReleases({ ...parts, npm });
  const conflicts = createConflicts({ registry, contracts, releases });
  const pool = createMcpPool({
    connector,
    registry,
    access,
    limits,
    launch: onlyAsCatalogued(
      { ...parts, npm, releases, personsStart: setting.personsStart ?? false },
      createLaunch({ ...parts, npm, releases, installMs: limits.installMs }),
    ),
    commands: setting.commands ?? [],
    time: now,
    onLists: (server, person, facts, lists) => contracts.observe(server, person, facts, lists),
    onStatus: board.show,
    onNew: (server, person) => watch(server, person),
    onEvent: (event) => count(event),
  });
  const provideOnce = async (signal: AbortSignal): Promise<void> => {
    const { provided = [] } = setting;
    if (provided.length > 0) await provideServers({ registry, tell: parts.tell, onProblem }, provided).catch(say);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  };
  const again = async (signal: AbortSignal, work: () => Promise<void>, everyMs = SWEEP_MS): Promise<void> => {
    while (!signal.aborted) {
      await work().catch(say);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const stopped = new AbortController();
  const looking = { ...parts, registry, releases, npm, conflicts };
  const updating: UpdateParts = {
    ...looking,
    contracts,
    connector,
    connectMs: limits.connectMs,
    openDeep: parts.sealer.openDeep,
    offers: (serverId, updateId) => recordOf(parts, serverId, updateId),
    statuses: async (serverIds) => {
      await board.sweep(pool.statuses(), 'now');
      return board.read(serverIds);
    },
    refresh: async (server) => void (await pool.refresh(server, ORGANISATION, 'update')),
    watchMs: setting.watchMs ?? WATCH_MS,
    pollMs: setting.pollMs ?? POLL_MS,
  };
  const unseen = createUnseen({ registry, statuses: board.read, look: (server) => void updating.refresh(server).catch((error) => say(error)) });
  let said: string | undefined;
  const say = (error: unknown): void => {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (why !== said) onProblem(`tool servers: ${why}`);
    said = why;
  };
  const registered = new Registry();
  const count = createMcpMetrics(registered, () => pool.statuses());
  const watch = createWatch({ registry, pool, hub });

  /** The connect itself takes its time, and nobody waits for it: whoever uses the server next tries again. */
  const refresh = async (event: RecordedEvent): Promise<Verdict> => {
    const { serverId, requestId = event.id, by = event.metadata.actor } = event.data as { serverId: string; requestId?: string; by?: string };
    const person = personOf(event, by);
    const server = (await registry.find(serverId, person)) ?? (await registry.find(serverId, ORGANISATION));
    if (!server) return done;
    const whose = isForPerson(server, person) ? person : ORGANISATION;
    if (now().getTime() - Date.parse(event.metadata.time) > WAITED_MS) {
      // Whoever asked waits no more; a server that nobody has looked at yet still has to be.
      if (event.type === McpRefreshRequested.type || (await registry.contractOf(server, whose)).contractHash !== undefined) return done;
    }
    pool.refresh(server, whose, requestId).then(
      () => undefined,
      (error: unknown) => onProblem(`tool server ${serverId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    );
    return done;
  };

  return {
    tools: searchableTools({
      ...parts,
      tokens: setting.searchTokens ?? USUAL_SEARCH_TOKENS,
      source: createMcpTools({
        registry,
        contracts,
        pool,
        keepFile: createKeepFile(parts),
        secret: parts.secret,
        tag,
        onProblem,
      }),
    }),
    reactions: [
      ...releaseReactions({ ...parts, registry, tag, lookUp: (server) => void lookUp(looking, server, stopped.signal).catch(say) }),
      { name: 'mcp-lists', types: readAnew, from: 'start', handle: refresh },
      forgetLogins(parts),
    ],
    jobs: { update: updateJob(updating) },
    statuses: board.read,
    logins: createMcpLogins({ ...parts, registry, access, authorizer }),
    metrics: async () => ({ contentType: registered.contentType, text: await registered.metrics() }),
    problems: () =>
      pool
        .statuses()
        .filter(({ serverId, state }) => isOrganisationServer(serverId) && (state === 'failed' || state === 'backoff'))
        .map(({ serverId, state, reason = '' }) => `tool server ${serverId}: ${state}, ${reason}`),
    work: (duties, signal) =>
      Promise.all([
        duties.alone('provided tool servers', (stop) => provideOnce(stop), signal),
        duties.alone('tool server releases', (stop) => again(stop, () => lookUpAll(looking, stop), setting.lookUpMs ?? LOOK_UP_MS), signal),
        duties.alone('tool servers nobody has seen', (stop) => again(stop, unseen, UNSEEN_MS), signal),
        again(signal, () => pruneReleases(looking), PRUNE_MS),
        again(signal, async () => {
          await pool.sweep();
          await board.sweep(pool.statuses());
        }),
      ]),
    async close() {
      stopped.abort();
      await pool.close();
      await board.close().catch(() => undefined);
    },
  };
}

/** Annals itself connects to the organisation's servers as nobody in particular. */
const personOf = ({ metadata }: RecordedEvent, by: string): PersonId =>
  (by.startsWith('person_') && by !== ANNALS ? by : metadata.subject) as PersonId;

/** Ends connections as soon as their registration changes, whichever process changed it: the log says so to all of them. */
function createWatch({ registry, pool, hub }: { registry: McpRegistry; pool: McpPool; hub: Hub }): (server: NamedServer, person: PersonId) => void {
  const watched = new Set<string>();
  const look = async (owner: PersonId): Promise<void> => {
    const servers = new Map((await registry.serversFor(owner)).map((server) => [server.serverId, server]));
    await pool.drop((server, person) => {
      if (server.owner !== owner) return server;
      const now = servers.get(server.serverId);
      return now && isForPerson(now, person) ? now : undefined;
    });
  };
  const watchLogin = ({ serverId }: NamedServer, person: PersonId): void => {
    const stream = mcpAccessStream(serverId, person);
    if (watched.has(stream)) return;
    watched.add(stream);
    hub.subscribe(stream, ({ type, data }) => {
      if (type !== McpAccessGranted.type && type !== McpAccessRevoked.type) return;
      void pool.loggedIn(serverId, person, type === McpAccessGranted.type ? String(data.attempt) : undefined).catch(() => undefined);
    });
  };
  const watchReleases = (serverId: string): void => {
    if (watched.has(serverId)) return;
    watched.add(serverId);
    hub.subscribe(mcpReleaseStream(serverId), ({ type }) => {
      if (type === McpReleaseSwapped.type || type === McpReleaseRolledBack.type) void pool.renew(serverId).catch(() => undefined);
    });
  };
  return (server, person) => {
    const { owner, serverId } = server;
    if (server.auth === 'oauth') watchLogin(server, person);
    watchReleases(serverId);
    if (watched.has(owner)) return;
    watched.add(owner);
    hub.subscribe(mcpRingStream(owner), () => void look(owner).catch(() => undefined));
  };
}
