import { z } from 'zod';
import { refuse } from '../decider.ts';
import { event, sealed } from '../event.ts';
import type { Requirements } from '../mcp-plan/requirements.ts';
import { ORGANISATION } from '../provider-key.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

const Package = z.strictObject({ name: z.string(), version: z.string(), integrity: z.string() });

/** It was added from a catalogue, as that says. `package`: what it is started from, which the registry has to have with that integrity. */
export const McpServerFromCatalogue = event('McpServerFromCatalogue', 1, {
  serverId: z.string(),
  source: z.enum(['shipped', 'operator']),
  ...sealed({ entry: z.string(), package: Package.nullable() }),
});

/** Which entry of which catalogue, what it needs, and whether a person may have it started. */
export interface CatalogueOrigin {
  readonly source: 'shipped' | 'operator';
  readonly entry: string;
  readonly package: z.output<typeof Package> | null;
  readonly requirements: Requirements | null;
  readonly mayBeStarted: boolean;
}

export const saidOfOrigin = (serverId: string, { source, entry, package: npm }: CatalogueOrigin) =>
  McpServerFromCatalogue({ serverId, source, entry, package: npm });

/** What a person may have started is what the catalogue says, to the version. */
export const isHeldToCatalogue = ({ owner, transport }: { readonly owner: string; readonly transport: string }): boolean =>
  owner !== ORGANISATION && transport === 'stdio';
export const heldToCatalogue = refuse(
  'HeldToCatalogue',
  'Its version is that of the catalogue: when that has a newer one, remove the server and add it again.',
);
