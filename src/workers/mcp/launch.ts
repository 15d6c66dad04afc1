import type { McpResult, McpTarget } from '../../adapters/mcp/port.ts';
import type { NpmError, NpmPackages } from '../../adapters/npm/port.ts';
import type { Tell } from '../../commands/command.ts';
import { recordMcpInstall } from '../../commands/mcp-releases.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { exactVersionOf } from '../../domain/mcp/package.ts';
import type { InstalledRelease } from '../../domain/mcp/release.ts';
import type { RingServer } from '../../domain/mcp/server.ts';
import type { Launch, Launched } from './pool-parts.ts';
import { packageOf, type Releases } from './releases.ts';

export interface LaunchParts {
  readonly tell: Tell;
  readonly npm: NpmPackages;
  readonly releases: Releases;
  readonly installMs: number;
}

/** The one version that a registration names. */
interface Named {
  readonly server: RingServer;
  readonly target: McpTarget & { kind: 'stdio' };
  readonly name: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onInstall?: (() => void) | undefined;
}

/** For so long a package that could not be installed is not tried again by this process, in ms. */
const AGAIN_MS = 600_000;
const configuresNpm = (name: string): boolean => /^npm_config_/i.test(name);
const asItIs = (target: McpTarget): McpResult<Launched> => ({ ok: true, value: { target } });
const failure = (message: string): McpResult<Launched> => ({ ok: false, error: { code: 'SpawnFailed', message, sent: false } });

/**
 * What is started for a registration: the release that an update has put there, else the one version that it names, else what it says. A version is installed
 * apart before it is first connected to and its lock recorded, so that it is started without npx everywhere. Where that cannot be done npx has to do, with the
 * reason; but not for a package that is another than the lock says.
 */
export function createLaunch({ tell, npm, releases, installMs }: LaunchParts): Launch {
  const given = new Map<string, { readonly why: string; readonly until: number }>();
  const install = createInstall({ tell, npm, releases });

  const launchNamed = async (named: Named, stopped: AbortSignal): Promise<McpResult<Launched>> => {
    const { server, target, name, version, signal, onInstall } = named;
    const byNpx = (why: string): McpResult<Launched> => ({ ok: true, value: { target, notApart: `npx brings it at each start: ${why}` } });
    if (Object.keys(target.env).some(configuresNpm)) return byNpx('its variables configure npm.');
    const key = `${server.serverId} ${name}@${version}`;
    const before = given.get(key);
    if (before && performance.now() < before.until) return byNpx(before.why);
    const giveUp = (why: string): McpResult<Launched> => {
      given.set(key, { why, until: performance.now() + AGAIN_MS });
      return byNpx(why);
    };
    const failed = ({ code, message }: NpmError): McpResult<Launched> => {
      if (code === 'Integrity' || stopped.aborted) return failure(message);
      return giveUp(`it was not installed apart${signal.aborted ? ` within ${Math.round(installMs / 1000)} s` : ''}. ${message}`);
    };
    const release = await install(named, key);
    if ('code' in release) return failed(release);
    const locked = await releases.locked(server.serverId, release);
    const scripts = locked ? npm.scriptsOf(locked) : [];
    if (scripts.length > 0) return giveUp(`${scripts.join(', ')} may need the scripts that are not run where it is installed apart.`);
    const found = await releases.targetOf(server.serverId, target, version, signal, onInstall);
    return found.ok ? { ok: true, value: { target: found.value, release: version } } : failed(found.error);
  };

  return async (server, target, { signal: stopped, onInstall }) => {
    const wanted = packageOf(target);
    if (!wanted || target.kind !== 'stdio') return asItIs(target);
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(installMs)]);
    const { running } = await releases.load(server.serverId);
    if (running?.package === wanted.name && running.wanted === wanted.wanted) {
      const found = await releases.targetOf(server.serverId, target, running.version, signal, onInstall);
      return found.ok ? { ok: true, value: { target: found.value, release: running.version } } : failure(found.error.message);
    }
    const version = exactVersionOf(wanted);
    return version === undefined ? asItIs(target) : launchNamed({ server, target, name: wanted.name, version, signal, onInstall }, stopped);
  };
}

/** Has a version's lock recorded, once for all that want it here at the same time; of several processes the first that records one is right. */
function createInstall({ tell, npm, releases }: Omit<LaunchParts, 'installMs'>): (named: Named, key: string) => Promise<InstalledRelease | NpmError> {
  const resolving = new Map<string, Promise<NpmError | undefined>>();
  const resolve = async ({ server: { serverId, owner }, name, version, signal }: Named): Promise<NpmError | undefined> => {
    const made = await npm.resolve(name, version, signal);
    if (!made.ok) return made.error;
    const { integrity, lock, lockHash } = made.value;
    const told = await tell(annals(owner), recordMcpInstall({ serverId, package: name, version, integrity, lock, lockHash }));
    return told.ok ? undefined : { code: 'Failed', message: told.error.message };
  };
  const recorded = async ({ server, name, version }: Named): Promise<InstalledRelease | undefined> => {
    const release = (await releases.load(server.serverId)).installed.get(version);
    return release?.package === name ? release : undefined;
  };
  return async (named, key) => {
    const known = await recorded(named);
    if (known) return known;
    named.onInstall?.();
    const work = resolving.get(key) ?? resolve(named).finally(() => resolving.delete(key));
    resolving.set(key, work);
    return (await work) ?? (await recorded(named)) ?? { code: 'Failed', message: 'What was installed was not recorded.' };
  };
}
