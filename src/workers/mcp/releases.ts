import { z } from 'zod';
import type { Loader } from '../../adapters/event-store/loader.ts';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpTarget } from '../../adapters/mcp/port.ts';
import type { NpmError, NpmLocked, NpmPackages, NpmResult } from '../../adapters/npm/port.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import { type NpmPackage, npmPackageOf } from '../../domain/mcp/package.ts';
import { type InstalledRelease, type McpReleases, mcpReleaseStream, mcpReleases } from '../../domain/mcp/release.ts';

/** Releases of packages as the log has them, and where they lie on this machine. */
export interface Releases {
  load(serverId: string): Promise<McpReleases>;
  /** The lock that was recorded; undefined where it cannot be opened any more. */
  locked(serverId: string, release: InstalledRelease): Promise<NpmLocked | undefined>;
  /** What starts that version with what the registration says otherwise. */
  targetOf(serverId: string, target: McpTarget, version: string, signal: AbortSignal, onInstall?: () => void): Promise<NpmResult<McpTarget>>;
}

const Lock = z.object({ lock: z.string() });
const gone: NpmError = { code: 'Failed', message: 'What was installed cannot be read from the log any more.' };

/** The package that npm brings for this target, if it does. */
export const packageOf = (target: McpTarget): NpmPackage | undefined =>
  target.kind === 'stdio' ? npmPackageOf({ command: target.command, args: [...target.args], cwd: null }) : undefined;

export function createReleases(parts: { loader: Loader; store: EventStore; sealer: Sealer; npm: NpmPackages }): Releases {
  const { loader, store, sealer, npm } = parts;
  const load = async (serverId: string): Promise<McpReleases> => (await loader.load(mcpReleaseStream(serverId), mcpReleases)).state;

  const locked = async (serverId: string, { package: name, version, lockHash, place }: InstalledRelease): Promise<NpmLocked | undefined> => {
    for await (const { id, data } of store.read(mcpReleaseStream(serverId), { from: place.revision, max: 1 })) {
      const opened = await sealer.open(data.sealed as unknown as Sealed, id);
      return id !== place.eventId || isUnopened(opened) ? undefined : { name, version, lockHash, lock: Lock.parse(opened).lock };
    }
    return undefined;
  };
  const targetOf: Releases['targetOf'] = async (serverId, target, version, signal, onInstall) => {
    const release = (await load(serverId)).installed.get(version);
    const lock = release && (await locked(serverId, release));
    const wanted = packageOf(target);
    if (!lock || !wanted || target.kind !== 'stdio') return { ok: false, error: gone };
    const entry = await npm.entry(lock, signal, onInstall);
    return entry.ok ? { ok: true, value: { ...target, command: 'node', args: [entry.value, ...wanted.args] } } : entry;
  };

  return { load, locked, targetOf };
}
