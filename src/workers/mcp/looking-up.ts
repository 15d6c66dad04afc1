import type { NpmPackages } from '../../adapters/npm/port.ts';
import type { Tell } from '../../commands/command.ts';
import { noteMcpReleases, noteMcpReleasesUnknown, requestMcpUpdate } from '../../commands/mcp-releases.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { isOpen } from '../../domain/mcp/release.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import { versionRules } from '../../projections/mcp-surroundings.ts';
import type { Conflicts } from './conflicts.ts';
import type { McpRegistry } from './registry.ts';
import { packageOf, type Releases } from './releases.ts';

export interface LookUpParts {
  readonly tell: Tell;
  readonly registry: McpRegistry;
  readonly releases: Releases;
  readonly npm: NpmPackages;
  readonly conflicts: Conflicts;
}

const LONGEST_MS = 60_000;

/** Writes down which versions there are of a server's package, and begins an update where the server's setting says so and there is a newer one. */
export async function lookUp(parts: LookUpParts, server: NamedServer, signal: AbortSignal): Promise<void> {
  const { tell, registry, npm } = parts;
  const { serverId, owner } = server;
  const opened = await registry.open(server);
  const wanted = opened && packageOf(opened.target);
  const unknown = (code: string) => tell(annals(owner), noteMcpReleasesUnknown({ serverId, code }));
  if (!wanted) return void (await unknown('NoPackage'));
  const found = await npm.versions(wanted.name, wanted.wanted, AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]));
  if (!found.ok) return void (await unknown(found.error.code));
  const { versions, wanted: registered } = found.value;
  await tell(annals(owner), noteMcpReleases({ serverId, package: wanted.name, registered, versions: [...versions] }));
  if (server.updates !== 'compatible' || !server.enabled) return;
  const version = await newestThatFits(parts, server, versions);
  if (version !== undefined) await tell<unknown>(annals(owner), requestMcpUpdate({ serverId, version, swap: 'compatible' }));
}

/** Never an older one, a prerelease, or one that was passed over before; none that other servers cannot stand. */
async function newestThatFits({ releases, conflicts }: LookUpParts, server: NamedServer, versions: readonly string[]): Promise<string | undefined> {
  const { update, running, registered, passedOver } = await releases.load(server.serverId);
  const current = running?.version ?? registered;
  if (current === undefined || (update && isOpen(update))) return undefined;
  const newer = versions.slice(0, Math.max(0, versions.indexOf(current)));
  for (const version of newer)
    if (!versionRules.isPrerelease(version) && !passedOver.has(version) && (await conflicts.newWith(server, version)).length === 0) return version;
  return undefined;
}

/** Takes from this machine what no server runs, would go back to, or is about to get. */
export async function pruneReleases({ registry, releases, npm }: Pick<LookUpParts, 'registry' | 'releases' | 'npm'>): Promise<void> {
  const servers = await registry.serversFor(ORGANISATION);
  const states = await Promise.all(
    servers.map(async (server) => {
      const opened = await registry.open(server);
      return { ...(await releases.load(server.serverId)), named: (opened && packageOf(opened.target))?.wanted ?? undefined };
    }),
  );
  const kept = states.flatMap(({ running, previous, update, installed, named }) =>
    [named, running?.version, previous?.version, ...(update && isOpen(update) ? [update.from, update.to] : [])].flatMap((version) => {
      const release = version === undefined ? undefined : installed.get(version);
      return release ? [{ name: release.package, version: release.version, lockHash: release.lockHash }] : [];
    }),
  );
  await npm.prune(kept);
}

/** All servers of the organisation that are to be kept up to date by themselves. */
export async function lookUpAll(parts: LookUpParts, signal: AbortSignal): Promise<void> {
  for (const server of await parts.registry.serversFor(ORGANISATION))
    if (server.updates === 'compatible' && server.enabled && server.transport === 'stdio' && !signal.aborted) await lookUp(parts, server, signal);
}
