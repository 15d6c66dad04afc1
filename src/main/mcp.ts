import { resolve } from 'node:path';
import { parsePublicKey } from '../adapters/event-store/heads.ts';
import { createGuardedFetch } from '../adapters/guarded-fetch/index.ts';
import type { ConnectorParts } from '../adapters/mcp/connector.ts';
import type { McpConnector } from '../adapters/mcp/port.ts';
import { createMcpCatalogue } from '../adapters/mcp-catalogue/index.ts';
import type { McpCatalogue } from '../adapters/mcp-catalogue/port.ts';
import { createNpmPackages } from '../adapters/npm/index.ts';
import type { Settings } from '../settings.ts';
import type { McpSetting } from '../workers/mcp/index.ts';
import { isForLocalPerson } from './installation.ts';
import { providedServers } from './provided-servers.ts';

/** What persons' servers may be at: anything where there is only the one person who sits at this machine. */
export const privateAddresses = (settings: Settings): readonly string[] =>
  settings.ANNALS_PRIVATE_ADDRESSES.length === 0 && isForLocalPerson(settings) ? ['*'] : settings.ANNALS_PRIVATE_ADDRESSES;

/** How servers of tools are reached from this installation. */
export function openMcp(settings: Settings, opened: AsyncDisposableStack): McpSetting {
  return {
    connector: (onBlocked) => {
      const { fetch, close } = createGuardedFetch({ allow: privateAddresses(settings), onBlocked });
      opened.defer(close);
      return connectorOnDemand({ fetch, version: '1' });
    },
    provided: providedServers(settings.AICHAT_MCP_SERVERS_FILE),
    commands: settings.ANNALS_MCP_COMMANDS,
    catalogue: openCatalogue(settings, opened),
    personsStart: settings.ANNALS_MCP_CATALOGUE_PERSONS === 'on',
    limits: { idleMs: settings.ANNALS_MCP_IDLE },
    npm: createNpmPackages({ folder: resolve(settings.ANNALS_DATA, 'tool-servers') }),
    lookUpMs: settings.ANNALS_MCP_LOOK_UP,
    watchMs: settings.ANNALS_MCP_WATCH,
    searchTokens: settings.ANNALS_TOOL_SEARCH,
  };
}

/** Its SDK, some 15 MiB of memory, is loaded by the first server that is connected to: many installations have none. */
function connectorOnDemand(parts: ConnectorParts): McpConnector {
  let loaded: Promise<McpConnector> | undefined;
  const load = (): Promise<McpConnector> => {
    loaded ??= import('../adapters/mcp/connector.ts').then(({ createMcpConnector }) => createMcpConnector(parts));
    return loaded;
  };
  return {
    connect: async (...given) => (await load()).connect(...given),
    authorizer: {
      begin: async (...given) => (await load()).authorizer.begin(...given),
      finish: async (...given) => (await load()).authorizer.finish(...given),
      refresh: async (...given) => (await load()).authorizer.refresh(...given),
      revoke: async (...given) => (await load()).authorizer.revoke(...given),
      tokenOf: async (...given) => (await load()).authorizer.tokenOf(...given),
    },
  };
}

const CATALOGUE_BYTES = 2 * 1024 * 1024;
const CATALOGUE_MS = 10_000;

function openCatalogue(settings: Settings, opened: AsyncDisposableStack): McpCatalogue {
  const { ANNALS_MCP_CATALOGUE: place, ANNALS_MCP_CATALOGUE_KEY: key } = settings;
  const { fetch, close } = createGuardedFetch({ allow: privateAddresses(settings), maxBytes: CATALOGUE_BYTES, deadlineMs: CATALOGUE_MS });
  opened.defer(close);
  return createMcpCatalogue({ place, key: key === undefined ? undefined : parsePublicKey(key), fetch });
}
