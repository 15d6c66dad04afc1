import { z } from 'zod';
import type { EventStore } from '../../adapters/event-store/port.ts';
import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpError } from '../../adapters/mcp/port.ts';
import type { NpmPackages } from '../../adapters/npm/port.ts';
import { isUnopened, type Sealed } from '../../domain/event.ts';
import { isHeldToCatalogue } from '../../domain/mcp/catalogue-origin.ts';
import { mcpRingStream, type RingServer } from '../../domain/mcp/server.ts';
import type { Launch } from './pool-parts.ts';
import type { Releases } from './releases.ts';

export interface OriginParts {
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly npm: NpmPackages;
  readonly releases: Pick<Releases, 'load'>;
  /** Persons may have started what the catalogue has for them. */
  readonly personsStart: boolean;
}

const Origin = z.object({ package: z.object({ name: z.string(), version: z.string(), integrity: z.string() }).nullable() });
const LONGEST_MS = 60_000;

/** Starts of a catalogue's entries only what that says: the very package, as the registry has it. What a person has added is started as long as persons may. */
export function onlyAsCatalogued(parts: OriginParts, launch: Launch): Launch {
  const same = new Set<string>();
  const fail = (code: McpError['code'], message: string) => ({ ok: false, error: { code, message, sent: false } }) as const;

  const originOf = async ({ owner, origin }: RingServer): Promise<z.output<typeof Origin> | undefined> => {
    for await (const { id, data } of parts.store.read(mcpRingStream(owner), { from: origin?.revision ?? 0n, max: 1 })) {
      const opened = await parts.sealer.open(data.sealed as unknown as Sealed, id);
      return id !== origin?.eventId || isUnopened(opened) ? undefined : Origin.parse(opened);
    }
    return undefined;
  };

  return async (server, target, options) => {
    if (isHeldToCatalogue(server) && !(parts.personsStart && server.origin))
      return fail('Forbidden', 'What persons have added from the catalogue is not started here: ask whoever runs this installation.');
    if (!server.origin) return launch(server, target, options);
    const npm = (await originOf(server))?.package;
    const another = () =>
      fail('Forbidden', `${npm?.name} ${npm?.version} is another package in the registry than the catalogue says: it is not started.`);
    if (!same.has(server.origin.eventId)) {
      if (npm === undefined) return fail('Forbidden', 'What the catalogue said of it cannot be read any more: add it anew.');
      const found = npm && (await parts.npm.integrity(npm.name, npm.version, AbortSignal.any([options.signal, AbortSignal.timeout(LONGEST_MS)])));
      if (found?.ok === false) return fail('SpawnFailed', `Whether its package is the catalogue’s cannot be said: ${found.error.message}`);
      if (found && found.value !== npm?.integrity) return another();
      same.add(server.origin.eventId);
    }
    const launched = await launch(server, target, options);
    const installed = npm ? (await parts.releases.load(server.serverId)).installed.get(npm.version) : undefined;
    return installed !== undefined && installed.package === npm?.name && installed.integrity !== npm.integrity ? another() : launched;
  };
}
