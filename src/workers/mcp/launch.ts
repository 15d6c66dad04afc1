import type { McpError, McpResult, McpTarget } from '../../adapters/mcp/port.ts';
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

/** For so long a package that could not be installed is not tried again by this process, in ms. */
const AGAIN_MS = 600_000;
const configuresNpm = (name: string): boolean => /^npm_config_/i.test(name);
const failure = (message: string): McpResult<Launched> => ({ ok: false, error: { code: 'SpawnFailed', message, sent: false } satisfies McpError });
const byNpx = (target: McpTarget, why: string): McpResult<Launched> => ({
  ok: true,
  value: { target, notApart: `npx brings it at each start: ${why}` },
});

/**
 * What is started for a registration: the release that an update has put there, else the one version that it names, else what it says. A version is installed
 * apart before it is first connected to and its lock recorded, so that it is started without npx everywhere. Where that cannot be done npx has to do, with the
 * reason; but not for a package that is another than the lock says.
 */
export function createLaunch({ tell, npm, releases, installMs }: LaunchParts): Launch {
  const resolving = new Map<string, Promise<NpmError | undefined>>();
  const given = new Map<string, { readonly why: string; readonly until: number }>();

  /** The first lock that is recorded holds, whichever process resolved it. */
  const record = async ({ serverId, owner }: RingServer, name: string, version: string, signal: AbortSignal): Promise<NpmError | undefined> => {
    const made = await npm.resolve(name, version, signal);
    if (!made.ok) return made.error;
    const { integrity, lock, lockHash } = made.value;
    const told = await tell(annals(owner), recordMcpInstall({ serverId, package: name, version, integrity, lock, lockHash }));
    return told.ok ? undefined : { code: 'Failed', message: told.error.message };
  };
  const scriptsOf = async (serverId: string, release: InstalledRelease | undefined): Promise<readonly string[]> => {
    const locked = release && (await releases.locked(serverId, release));
    return locked ? npm.scriptsOf(locked) : [];
  };

  return async (server, target, { signal: stopped, onInstall }) => {
    const { serverId } = server;
    const named = packageOf(target);
    if (!named || target.kind !== 'stdio') return { ok: true, value: { target } };
    const late = AbortSignal.timeout(installMs);
    const signal = AbortSignal.any([stopped, late]);
    const { running } = await releases.load(serverId);
    if (running?.package === named.name && running.wanted === named.wanted) {
      const found = await releases.targetOf(serverId, target, running.version, signal, onInstall);
      return found.ok ? { ok: true, value: { target: found.value, release: running.version } } : failure(found.error.message);
    }

    const version = exactVersionOf(named);
    if (version === undefined) return { ok: true, value: { target } };
    if (Object.keys(target.env).some(configuresNpm)) return byNpx(target, 'its variables configure npm.');
    const key = `${serverId} ${named.name}@${version}`;
    const before = given.get(key);
    if (before && performance.now() < before.until) return byNpx(target, before.why);
    const giveUp = (why: string): McpResult<Launched> => {
      given.set(key, { why, until: performance.now() + AGAIN_MS });
      return byNpx(target, why);
    };
    const failed = ({ code, message }: NpmError): McpResult<Launched> => {
      if (late.aborted) return giveUp(`it was not installed apart within ${Math.round(installMs / 1000)} s.`);
      return code === 'Integrity' || stopped.aborted ? failure(message) : giveUp(`it was not installed apart. ${message}`);
    };
    const recorded = async (): Promise<InstalledRelease | undefined> => {
      const release = (await releases.load(serverId)).installed.get(version);
      return release?.package === named.name ? release : undefined;
    };
    if (!(await recorded())) {
      onInstall?.();
      const work = resolving.get(key) ?? record(server, named.name, version, signal).finally(() => resolving.delete(key));
      resolving.set(key, work);
      const error = await work;
      if (error) return failed(error);
    }
    const scripts = await scriptsOf(serverId, await recorded());
    if (scripts.length > 0) return giveUp(`${scripts.join(', ')} may need the scripts that are not run where it is installed apart.`);
    const found = await releases.targetOf(serverId, target, version, signal, onInstall);
    return found.ok ? { ok: true, value: { target: found.value, release: version } } : failed(found.error);
  };
}
