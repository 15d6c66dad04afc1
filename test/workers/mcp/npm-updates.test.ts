import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import type { McpTarget } from '../../../src/adapters/mcp/port.ts';
import { createNpmPackages } from '../../../src/adapters/npm/index.ts';
import { lookUpMcpReleases, registerMcpServer, setMcpServerPolicy } from '../../../src/commands/mcp.ts';
import { approveMcpUpdate, requestMcpUpdate, rollBackMcpRelease } from '../../../src/commands/mcp-releases.ts';
import { mcpReleaseStream, mcpReleases } from '../../../src/domain/mcp/release.ts';
import type { Kernel } from '../../../src/main/kernel-parts.ts';
import type { McpSetting } from '../../../src/workers/mcp/index.ts';
import { askFor, settled } from '../../harness/chat.ts';
import { installations } from '../../harness/installations.ts';
import { takenTools } from '../../harness/mcp-servers.ts';
import { administrator, person } from '../../harness/memory-annals.ts';
import { until } from '../../harness/until.ts';

const NAME = '@modelcontextprotocol/server-everything';
const start = installations();
const folder = mkdtempSync(join(tmpdir(), 'annals-npm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const npm = createNpmPackages({ folder });
const known = await npm.versions(NAME, null, AbortSignal.timeout(15_000));
if (!known.ok) console.warn(`Skipped updates of real servers: ${known.error.message}`);

const entry = new URL('../../../node_modules/everything-2025-11-25/dist/index.js', import.meta.url).pathname;
/** What the registration names is started from where it lies already: `npx` would fetch it first, for longer than all the rest takes. */
const connector: McpSetting['connector'] = (onBlocked) => {
  const real = createMcpConnector({ fetch: createGuardedFetch({ allow: ['*'], onBlocked }).fetch, version: 'test' });
  const local = (target: McpTarget): McpTarget =>
    target.kind === 'stdio' && target.command === 'npx' ? { ...target, command: 'node', args: [entry] } : target;
  return { ...real, connect: (target, options) => real.connect(local(target), options) };
};
const releasesOf = async ({ loader }: Kernel, serverId: string) => (await loader.load(mcpReleaseStream(serverId), mcpReleases)).state;

test.skipIf(!known.ok)(
  'an old release of a server from npm is tried, updated and rolled back, and a breaking one is not taken unasked',
  {
    timeout: 120_000,
  },
  async () => {
    const { kernel, problems } = await start({ mcp: { connector, npm, watchMs: 0, pollMs: 50, limits: { connectMs: 60_000 } } });
    const usual = { slug: 'all', title: '', headers: {}, env: {}, auth: 'none', audience: 'everybody', enabled: true, timeoutMs: null } as const;
    const address = { command: 'npx', args: ['-y', `${NAME}@2025.11.25`], cwd: null };
    const made = await kernel.tell(administrator, registerMcpServer({ ...usual, owner: 'organisation', transport: 'stdio', address }));
    const serverId = made.ok ? made.result.serverId : '';
    await until(async () => (await takenTools(kernel, serverId)).includes('printEnv'));
    await kernel.tell(administrator, setMcpServerPolicy({ serverId: serverId as never, tool: null, policy: 'allow' }));
    await settled(kernel, await askFor(kernel, person('ada'), '/call all__echo {"message":"hello"}'));
    await kernel.tell(administrator, lookUpMcpReleases({ serverId: serverId as never }));
    await until(async () => (await releasesOf(kernel, serverId)).versions.length > 0);

    const ask = (version: string, swap: 'compatible' | 'asked') => kernel.tell(administrator, requestMcpUpdate({ serverId, version, swap }));
    const over = (): Promise<void> =>
      until(async () => !['preparing', 'watched', undefined].includes((await releasesOf(kernel, serverId)).update?.status));
    expect(await ask('2026.1.26', 'compatible')).toMatchObject({ ok: true });
    await over();
    const breaking = (await releasesOf(kernel, serverId)).update;
    expect(breaking).toMatchObject({ status: 'waiting', compared: { class: 'breaking' } });
    expect(await takenTools(kernel, serverId)).toContain('printEnv');

    const { updateId = '', compared } = breaking ?? {};
    const renames = { printEnv: 'get-env' };
    await kernel.tell(administrator, approveMcpUpdate({ serverId, updateId, contractHash: compared?.afterHash ?? '', renames }));
    await until(async () => (await releasesOf(kernel, serverId)).update?.status === 'kept');
    await until(async () => (await takenTools(kernel, serverId)).includes('get-env'));
    const call = await askFor(kernel, person('ada'), '/call all__echo {"message":"hello again"}');
    expect(await settled(kernel, call)).toBe('completed');

    expect(await kernel.tell(administrator, rollBackMcpRelease({ serverId }))).toMatchObject({ ok: true });
    await until(async () => (await takenTools(kernel, serverId)).includes('printEnv'));
    expect((await releasesOf(kernel, serverId)).running?.version).toBe('2025.11.25');
    expect(problems).toEqual([]);
  },
);
