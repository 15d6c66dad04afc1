import { createGuardedFetch } from '../adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../adapters/mcp/connector.ts';
import type { Settings } from '../settings.ts';
import { isForLocalPerson, type Log } from './installation.ts';
import type { KernelParts } from './kernel.ts';

/** What persons' servers may be at: anything where there is only the one person who sits at this machine. */
export const privateAddresses = (settings: Settings): readonly string[] =>
  settings.ANNALS_PRIVATE_ADDRESSES.length === 0 && isForLocalPerson(settings) ? ['*'] : settings.ANNALS_PRIVATE_ADDRESSES;

/** How servers of tools are reached from this installation. */
export function openMcp(settings: Settings, opened: AsyncDisposableStack, log: Log): KernelParts['mcp'] {
  const { fetch, close } = createGuardedFetch({
    allow: privateAddresses(settings),
    onBlocked: ({ scheme, host, reason }) => log(`blocked: ${scheme}://${host} (${reason})`),
  });
  opened.defer(close);
  return {
    connector: createMcpConnector({ fetch, version: '1' }),
    commands: settings.ANNALS_MCP_COMMANDS,
    limits: { idleMs: settings.ANNALS_MCP_IDLE },
  };
}
