import { registerMcpServer } from '../../src/commands/mcp.ts';
import { mcpContractStream, mcpContracts } from '../../src/domain/mcp/contract.ts';
import { listMcpTools } from '../../src/projections/queries/mcp-tools.ts';
import { administrator, type Installation } from './memory-annals.ts';
import { until } from './until.ts';

/** Servers from npm, as they are installed here. */
export const npmServers = {
  everything: '@modelcontextprotocol/server-everything/dist/index.js',
  filesystem: '@modelcontextprotocol/server-filesystem/dist/index.js',
  memory: '@modelcontextprotocol/server-memory/dist/index.js',
  sequential: '@modelcontextprotocol/server-sequential-thinking/dist/index.js',
  git: '@cyanheads/git-mcp-server/dist/index.js',
  context7: '@upstash/context7-mcp/dist/index.js',
} as const;

const modules = new URL('../../node_modules/', import.meta.url);
/** `file` of a package, wherever npm has put it. */
export const entryOf = (name: keyof typeof npmServers): string => new URL(npmServers[name], modules).pathname;
const usual = { title: '', headers: {}, env: {}, auth: 'none', audience: 'everybody', enabled: true, timeoutMs: null } as const;

/** As an administrator registers it, for everybody. */
export const stdioServer = (slug: string, args: readonly string[], env: Record<string, string> = {}) =>
  registerMcpServer({
    ...usual,
    owner: 'organisation',
    slug,
    transport: 'stdio',
    address: { command: 'node', args: [...args], cwd: null },
    env,
  });

export const httpServer = (slug: string, url: string, more: Partial<Parameters<typeof registerMcpServer>[0]> = {}) =>
  registerMcpServer({ ...usual, owner: 'self', slug, transport: 'http', address: { url }, ...more });

/** Registers a server from npm and waits until its tools are known. */
export async function withServer(installation: Installation, name: keyof typeof npmServers, ...args: readonly string[]): Promise<string> {
  const told = await installation.kernel.tell(administrator, stdioServer(name, [entryOf(name), ...args]));
  if (!told.ok) throw new Error(told.error.message);
  await listed(installation, told.result.serverId);
  return told.result.serverId;
}

export const listed = ({ kernel }: Pick<Installation, 'kernel'>, serverId: string): Promise<void> =>
  until(async () => (await kernel.loader.load(mcpContractStream(serverId), mcpContracts)).state.contractHash !== undefined);

/** The tools of the server whose definition has been taken, as its administrator is shown them. */
export async function takenTools({ ask }: Pick<Installation['kernel'], 'ask'>, serverId: string): Promise<string[]> {
  const asked = await ask(administrator, listMcpTools({ serverId }));
  return asked.ok ? asked.data.tools.filter(({ withheld }) => withheld !== 'quarantined' && withheld !== 'broken').map(({ tool }) => tool) : [];
}
