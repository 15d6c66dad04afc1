import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createGuardedFetch } from '../../../src/adapters/guarded-fetch/index.ts';
import { createMcpConnector } from '../../../src/adapters/mcp/connector.ts';
import type { McpTarget } from '../../../src/adapters/mcp/port.ts';
import { createNpmPackages } from '../../../src/adapters/npm/index.ts';
import { type NpmPackages, noNpm } from '../../../src/adapters/npm/port.ts';
import { refreshMcpServer, registerMcpServer, setMcpServerPolicy } from '../../../src/commands/mcp.ts';
import { mcpReleaseStream } from '../../../src/domain/mcp/release.ts';
import type { McpSetting } from '../../../src/workers/mcp/index.ts';
import { askFor, settled, typesOf } from '../../harness/chat.ts';
import { installations } from '../../harness/installations.ts';
import { listed } from '../../harness/mcp-servers.ts';
import { administrator, type Installation, newDisk, person } from '../../harness/memory-annals.ts';
import { type PlayedVersions, playedProgram, startRegistry } from '../../harness/played-registry.ts';
import { until } from '../../harness/until.ts';

const NAME = '@annals-test/which';
const start = installations();
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

const program = playedProgram('1.0.0');
/** A registry, and what an installation needs to install from it; `started` is what was connected to. */
async function stage(versions: PlayedVersions = { '1.0.0': { program } }) {
  const registry = await startRegistry(NAME, versions);
  const folder = mkdtempSync(join(tmpdir(), 'annals-first-'));
  ending.push(
    () => registry.close(),
    () => rmSync(folder, { recursive: true, force: true }),
  );
  for (const [name, value] of Object.entries(registry.environment)) vi.stubEnv(name, value);
  const started: McpTarget[] = [];
  const connector: McpSetting['connector'] = (onBlocked) => {
    const real = createMcpConnector({ fetch: createGuardedFetch({ allow: ['*'], onBlocked }).fetch, version: 'test' });
    return {
      ...real,
      async connect(target, options) {
        started.push(target);
        // As npx does it, without its waiting for a registry that is not configured for it.
        const isNpx = target.kind === 'stdio' && target.command === 'npx';
        return real.connect(isNpx ? { ...target, command: 'node', args: ['-e', program.replace(/^#.*\n/, '')] } : target, options);
      },
    };
  };
  const setting = (npm: NpmPackages = createNpmPackages({ folder }), limits: McpSetting['limits'] = {}): McpSetting => ({ connector, npm, limits });
  return { registry, folder, started, setting };
}
const registered = async ({ kernel }: Installation, wanted = '@1.0.0', env: Record<string, string> = {}): Promise<string> => {
  const told = await kernel.tell(
    administrator,
    registerMcpServer({
      ...{ owner: 'organisation', slug: 'which', title: '', transport: 'stdio', headers: {}, env, auth: 'none' },
      ...{ audience: 'everybody', enabled: true, timeoutMs: null },
      address: { command: 'npx', args: ['-y', `${NAME}${wanted}`, '--loud'], cwd: null },
    }),
  );
  if (!told.ok) throw new Error(told.error.message);
  return told.result.serverId;
};
/** What Annals itself shows of it. */
const statusOf = async ({ kernel }: Installation, serverId: string) =>
  (await kernel.toolServers.statuses([serverId])).toSorted((a, b) => (a.since < b.since ? 1 : -1))[0];
const apart = (folder: string): string[] => readdirSync(folder).filter((name) => !name.startsWith('.'));

test('the version that is named is installed apart, which its state says meanwhile, and started from there, after a restart and on another machine too', async () => {
  const { registry, folder, started, setting } = await stage();
  const disk = await newDisk();
  const come = registry.hold('1.0.0');
  const first = await start({ disk, mcp: setting() });
  const serverId = await registered(first);
  await until(async () => (await statusOf(first, serverId))?.reason === 'Its package is being installed.');
  expect(await statusOf(first, serverId)).toMatchObject({ state: 'connecting' });
  expect(started).toEqual([]);
  come();
  await listed(first, serverId);
  await until(async () => (await statusOf(first, serverId))?.state === 'ready');
  expect(await statusOf(first, serverId)).toMatchObject({ release: '1.0.0' });
  await first.kernel.tell(administrator, setMcpServerPolicy({ serverId: serverId as never, tool: 'which', policy: 'allow' }));
  await Promise.all(['ada', 'bob'].map(async (name) => settled(first.kernel, await askFor(first.kernel, person(name), '/call which__which {}'))));
  expect(started).toHaveLength(3);
  for (const target of started) expect(target).toMatchObject({ command: 'node', args: [expect.stringContaining(folder), '--loud'] });
  expect(registry.fetches('1.0.0')).toBe(1);
  await first.stop();

  const second = await start({ disk, mcp: setting() });
  expect(await settled(second.kernel, await askFor(second.kernel, person('ada'), '/call which__which {}'))).toBe('completed');
  expect(registry.fetches('1.0.0')).toBe(1);
  await second.stop();

  const elsewhere = mkdtempSync(join(tmpdir(), 'annals-first-'));
  ending.push(() => rmSync(elsewhere, { recursive: true }));
  const third = await start({ disk, mcp: setting(createNpmPackages({ folder: elsewhere })) });
  expect(await settled(third.kernel, await askFor(third.kernel, person('ada'), '/call which__which {}'))).toBe('completed');
  expect(apart(elsewhere)).toEqual(apart(folder));
  expect(started.at(-1)).toMatchObject({ command: 'node', args: [expect.stringContaining(elsewhere), '--loud'] });
  expect((await typesOf(disk, mcpReleaseStream(serverId))).filter((type) => type === 'McpReleaseInstalled')).toHaveLength(1);
});

test('an installation that is stopped in the middle leaves nothing that could be taken for a package, and is done anew', async () => {
  const { registry, folder, setting } = await stage();
  const disk = await newDisk();
  const come = registry.hold('1.0.0');
  const first = await start({ disk, mcp: setting() });
  const serverId = await registered(first);
  await until(() => registry.fetches('1.0.0') === 1);
  await first.stop();
  expect(apart(folder)).toEqual([]);
  come();
  const second = await start({ disk, mcp: setting() });
  await listed(second, serverId);
  expect(apart(folder)).toHaveLength(1);
});

interface Way {
  readonly npm?: NpmPackages;
  readonly wanted?: string;
  readonly manifest?: object;
  readonly env?: Record<string, string>;
  readonly installMs?: number;
}
test.each([
  ['there is no npm', { npm: noNpm }, /Packages are not looked for here/],
  ['there is no such version', { wanted: '@9.9.9' }, /The registry has no such package or version/],
  ['a package wants to run a script', { manifest: { scripts: { postinstall: 'exit 1' } } }, /@annals-test\/which may need the scripts/],
  ['it is given an npm of its own', { env: { NPM_CONFIG_REGISTRY: 'http://localhost' } }, /its variables configure npm/],
  ['no version is named', { wanted: '' }, undefined],
  ['a range is named', { wanted: '@^1.0.0' }, undefined],
  ['it takes too long', { installMs: 1000 }, /was not installed apart within 1 s/],
] as [string, Way, RegExp | undefined][])(
  'where %s npx has to do, and the reason is shown',
  async (_, { npm, wanted, manifest = {}, env, installMs }, why) => {
    const { registry, started, setting } = await stage({ '1.0.0': { program, manifest } });
    if (installMs !== undefined) registry.hold('1.0.0');
    const installation = await start({ mcp: setting(npm, installMs === undefined ? {} : { installMs }) });
    const serverId = await registered(installation, wanted, env);
    await until(async () => (await statusOf(installation, serverId))?.state === 'ready');
    expect(started).toMatchObject([{ command: 'npx' }]);
    const { notApart, release } = (await statusOf(installation, serverId)) ?? {};
    expect(release).toBeUndefined();
    if (why) expect(notApart).toMatch(why);
    else expect(notApart).toBeUndefined();
  },
);

test('processes that install the same into the same folder at the same time do not disturb each other', async () => {
  const { folder } = await stage();
  const processes = Array.from({ length: 3 }, () => createNpmPackages({ folder }));
  const { signal } = new AbortController();
  const resolved = await Promise.all(processes.map((npm) => npm.resolve(NAME, '1.0.0', signal)));
  const entries = await Promise.all(resolved.map(async (made, at) => (made.ok ? processes[at]?.entry(made.value, signal) : made)));
  expect(new Set(entries.map((entry) => (entry?.ok ? entry.value : entry?.error.message))).size).toBe(1);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('a package that is another than was recorded is started in no way', async () => {
  const { registry, folder, started, setting } = await stage();
  const disk = await newDisk();
  const first = await start({ disk, mcp: setting() });
  const serverId = await registered(first);
  await listed(first, serverId);
  await first.stop();
  rmSync(folder, { recursive: true });
  registry.replace('1.0.0', playedProgram('9.9.9'));
  const before = started.length;
  const second = await start({ disk, mcp: setting() });
  await second.kernel.tell(administrator, refreshMcpServer({ serverId: serverId as never, requestId: 'again' }));
  await until(async () => (await statusOf(second, serverId))?.state === 'backoff');
  expect((await statusOf(second, serverId))?.reason).toMatch(/not what the lock says/);
  expect(started).toHaveLength(before);
});
