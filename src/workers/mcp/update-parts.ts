import type { Sealer } from '../../adapters/key-vault/sealer.ts';
import type { McpConnector } from '../../adapters/mcp/port.ts';
import type { NpmPackages } from '../../adapters/npm/port.ts';
import type { Tell } from '../../commands/command.ts';
import type { ContractOffer } from '../../domain/mcp/contract.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { Views } from '../../projections/query.ts';
import type { ShownStatus } from './board.ts';
import type { Conflicts } from './conflicts.ts';
import type { Contracts } from './contracts.ts';
import type { McpRegistry } from './registry.ts';
import type { Releases } from './releases.ts';

/** What the comparison of an update has recorded. */
export interface Offers {
  readonly before: ContractOffer;
  readonly after: ContractOffer;
}

export interface UpdateParts {
  readonly tell: Tell;
  readonly registry: McpRegistry;
  readonly contracts: Contracts;
  readonly releases: Releases;
  readonly conflicts: Conflicts;
  readonly npm: NpmPackages;
  readonly connector: McpConnector;
  readonly connectMs: number;
  readonly views: Pick<Views, 'find'>;
  readonly openDeep: Sealer['openDeep'];
  /** Undefined where it cannot be opened any more. */
  readonly offers: (serverId: string, updateId: string) => Promise<Offers | undefined>;
  readonly statuses: (serverIds: readonly string[]) => Promise<readonly ShownStatus[]>;
  /** Connects, if there is no connection, as Annals itself. */
  readonly refresh: (server: NamedServer) => Promise<void>;
  readonly now: () => Date;
  /** How long a release is watched after the swap, and how often it is looked at. */
  readonly watchMs: number;
  readonly pollMs: number;
}
