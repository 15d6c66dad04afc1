import { expect, test } from 'vitest';
import {
  chooseMcpTools,
  lookUpMcpReleases,
  registerMcpServer,
  setMcpServerPolicy,
  setMcpToolPolicy,
  setMcpUpdates,
} from '../../../src/commands/mcp.ts';
import { approveMcpUpdate, dismissMcpUpdate, requestMcpUpdate, rollBackMcpRelease } from '../../../src/commands/mcp-releases.ts';
import { mcpReleaseStream, mcpReleases } from '../../../src/domain/mcp/release.ts';
import type { Kernel } from '../../../src/main/kernel-parts.ts';
import { getMcpServer } from '../../../src/projections/queries/mcp.ts';
import { listMcpTools } from '../../../src/projections/queries/mcp-tools.ts';
import { askFor, settled, typesOf } from '../../harness/chat.ts';
import { installations } from '../../harness/installations.ts';
import { takenTools } from '../../harness/mcp-servers.ts';
import { administrator, newDisk, person, startAnnals } from '../../harness/memory-annals.ts';
import { type PlayedPackage, playedTool, playReleases } from '../../harness/played-releases.ts';
import type { Write } from '../../harness/severed.ts';
import { until } from '../../harness/until.ts';

const start = installations();
const ada = person('ada');
const NAME = '@x/notes';

const add = playedTool('add', { a: { type: 'number' }, b: { type: 'number' } });
const say = playedTool('say', { text: { type: 'string' } });
const more = playedTool('more');
const sum = playedTool('sum-add', { a: { type: 'number' }, b: { type: 'number' } });
const old = { tools: [add, say] };
const grown = { tools: [add, say, more] };
const renamed = { tools: [sum, playedTool('tell', { text: { type: 'string' } })] };

const setting = (releases: PlayedPackage, times: { watchMs?: number } = {}) => ({
  ...playReleases(NAME, releases),
  watchMs: 0,
  pollMs: 5,
  limits: { connectMs: 1000 },
  ...times,
});
const registered = async ({ tell }: Kernel): Promise<string> => {
  const told = await tell(
    administrator,
    registerMcpServer({
      ...{ owner: 'organisation', slug: 'notes', title: '', transport: 'stdio', headers: {}, env: {}, auth: 'none' },
      ...{ audience: 'everybody', enabled: true, timeoutMs: null },
      address: { command: 'npx', args: ['-y', `${NAME}@1.0.0`, '--quiet'], cwd: null },
    }),
  );
  if (!told.ok) throw new Error(told.error.message);
  return told.result.serverId;
};
const releasesOf = async ({ loader }: Kernel, serverId: string) => (await loader.load(mcpReleaseStream(serverId), mcpReleases)).state;
const reached = (kernel: Kernel, serverId: string, status: string): Promise<void> =>
  until(async () => (await releasesOf(kernel, serverId)).update?.status === status);
/** Registers, waits until it is listed, and asks for that version. */
const asked = async (kernel: Kernel, version: string): Promise<{ serverId: string; updateId: string }> => {
  const serverId = await registered(kernel);
  await until(async () => (await takenTools(kernel, serverId)).length > 0);
  await kernel.tell(administrator, lookUpMcpReleases({ serverId: serverId as never }));
  await until(async () => (await releasesOf(kernel, serverId)).versions.length > 0);
  const told = await kernel.tell(administrator, requestMcpUpdate({ serverId, version, swap: 'asked' }));
  if (!told.ok) throw new Error(told.error.message);
  return { serverId, updateId: told.result.updateId };
};
const approve = async (kernel: Kernel, of: { serverId: string; updateId: string }, renames: Record<string, string> = {}): Promise<void> => {
  const contractHash = (await releasesOf(kernel, of.serverId)).update?.compared?.afterHash ?? '';
  expect(await kernel.tell(administrator, approveMcpUpdate({ ...of, contractHash, renames }))).toMatchObject({ ok: true });
};

test('a compatible version is taken by itself where the server says so, and its tools are offered without anybody being asked', async () => {
  const mcp = setting({ '1.0.0': old, '1.1.0': grown, '2.0.0-rc.1': renamed });
  const { kernel, problems } = await start({ mcp });
  const serverId = await registered(kernel);
  await until(async () => (await takenTools(kernel, serverId)).length === 2);
  await kernel.tell(administrator, setMcpUpdates({ serverId: serverId as never, updates: 'compatible' }));
  await reached(kernel, serverId, 'kept');
  await until(async () => (await takenTools(kernel, serverId)).includes('more'));
  expect((await releasesOf(kernel, serverId)).running).toMatchObject({ version: '1.1.0' });
  await until(() => mcp.running.includes('1.1.0') && !mcp.running.includes('1.0.0'));
  expect(problems).toEqual([]);
});

test('a breaking version waits; taken with its renames, policies go over; undone, everything is as it was', async () => {
  const { kernel } = await start({ mcp: setting({ '1.0.0': old, '2.0.0': renamed }) });
  const of = await asked(kernel, '2.0.0');
  const { serverId } = of;
  await kernel.tell(administrator, setMcpServerPolicy({ serverId: serverId as never, tool: 'add', policy: 'deny' }));
  const [bob, eve] = [person('bob'), person('eve')];
  await kernel.tell(ada, setMcpToolPolicy({ serverId: serverId as never, tool: 'say', policy: 'allow' }));
  await kernel.tell(bob, chooseMcpTools({ serverId: serverId as never, tool: 'say', scope: { model: 'demo/demo' }, enabled: false }));
  await reached(kernel, serverId, 'waiting');
  expect((await releasesOf(kernel, serverId)).running).toBeUndefined();
  expect(await takenTools(kernel, serverId)).toEqual(['add', 'say']);
  expect(await kernel.tell(administrator, approveMcpUpdate({ ...of, contractHash: '0', renames: {} }))).toMatchObject({ ok: false });
  expect(await kernel.tell(ada, approveMcpUpdate({ ...of, contractHash: '0', renames: {} }))).toMatchObject({ error: { code: 'NotFound' } });
  await approve(kernel, of, { add: 'sum-add', say: 'tell' });
  await reached(kernel, serverId, 'kept');
  await until(async () => (await takenTools(kernel, serverId)).includes('sum-add'));
  const policyOf = async (tool: string) => {
    const asked = await kernel.ask(administrator, getMcpServer({ serverId }));
    return asked.ok ? asked.data.policies.find((each) => each.tool === tool)?.policy : undefined;
  };
  await until(async () => (await policyOf('sum-add')) === 'deny');
  const shown = async (who: typeof ada, tool: string) => {
    const asked = await kernel.ask(who, listMcpTools({ model: 'demo/demo' }));
    return asked.ok ? asked.data.tools.find((each) => each.tool === tool) : undefined;
  };
  await until(async () => (await shown(ada, 'tell'))?.policy === 'allow');
  expect(await shown(bob, 'tell')).toMatchObject({ withheld: 'disabled', policy: 'ask' });
  expect(await shown(eve, 'tell')).toMatchObject({ withheld: null, policy: 'ask' });
  // Allowed once under its old name, it is called without a question under the new one; what was said of the new one goes before.
  await settled(kernel, await askFor(kernel, ada, '/call notes__tell {"text":"x"}'));
  await kernel.tell(ada, setMcpToolPolicy({ serverId: serverId as never, tool: 'tell', policy: null }));
  await until(async () => (await shown(ada, 'tell'))?.policy === 'ask');

  expect(await kernel.tell(administrator, rollBackMcpRelease({ serverId }))).toMatchObject({ ok: true });
  await until(async () => `${await takenTools(kernel, serverId)}` === 'add,say');
  await until(async () => (await policyOf('sum-add')) === undefined);
  await until(async () => (await shown(ada, 'say'))?.policy === 'allow');
  expect(await shown(bob, 'say')).toMatchObject({ withheld: 'disabled' });
  expect((await releasesOf(kernel, serverId)).running).toMatchObject({ version: '1.0.0' });
  expect(await kernel.tell(administrator, rollBackMcpRelease({ serverId }))).toMatchObject({ error: { code: 'NothingToUndo' } });
});

test('what is not wanted is dismissed and not tried again by itself', async () => {
  const { kernel } = await start({ mcp: setting({ '1.0.0': old, '2.0.0': renamed }) });
  const of = await asked(kernel, '2.0.0');
  await reached(kernel, of.serverId, 'waiting');
  expect(await kernel.tell(administrator, dismissMcpUpdate(of))).toMatchObject({ ok: true });
  await kernel.tell(administrator, setMcpUpdates({ serverId: of.serverId as never, updates: 'compatible' }));
  await kernel.tell(administrator, lookUpMcpReleases({ serverId: of.serverId as never }));
  expect((await releasesOf(kernel, of.serverId)).update).toMatchObject({ status: 'dismissed', updateId: of.updateId });
});

test.each([
  ['crashes', { ...grown, falls: true }],
  ['errors', { ...grown, answer: () => ({ isError: true }) }],
] as const)('a version that does not hold is given up by itself: %s', async (why, release) => {
  const { kernel } = await start({ mcp: setting({ '1.0.0': old, '1.1.0': release }, { watchMs: 60_000 }) });
  const of = await asked(kernel, '1.1.0');
  const { serverId } = of;
  await kernel.tell(administrator, setMcpServerPolicy({ serverId: serverId as never, tool: 'say', policy: 'allow' }));
  await reached(kernel, serverId, 'waiting');
  await approve(kernel, of);
  await reached(kernel, serverId, 'watched');
  for (let n = 0; why === 'errors' && n < 8 && (await releasesOf(kernel, serverId)).update?.status === 'watched'; n++)
    await settled(kernel, await askFor(kernel, ada, `/call notes__say {"text":"${n}"}`));
  await reached(kernel, serverId, 'rolledBack');
  expect((await releasesOf(kernel, serverId)).running?.version).toBe('1.0.0');
  await until(async () => `${await takenTools(kernel, serverId)}` === 'add,say');
});

test('a recorded call of a tool that only reads, and that the new version fails at, keeps it waiting; one that does not start is not taken', async () => {
  const answer = (tool: string) => (tool === 'say' ? { isError: true } : undefined);
  const { kernel } = await start({ mcp: setting({ '1.0.0': old, '1.1.0': { ...grown, answer }, '1.2.0': { ...grown, dead: true } }) });
  const serverId = await registered(kernel);
  await until(async () => (await takenTools(kernel, serverId)).length > 0);
  await kernel.tell(administrator, setMcpServerPolicy({ serverId: serverId as never, tool: 'say', policy: 'allow' }));
  await settled(kernel, await askFor(kernel, ada, '/call notes__say {"text":"hello"}'));
  await kernel.tell(administrator, lookUpMcpReleases({ serverId: serverId as never }));
  await until(async () => (await releasesOf(kernel, serverId)).versions.length > 0);
  await kernel.tell(administrator, requestMcpUpdate({ serverId, version: '1.2.0', swap: 'compatible' }));
  await reached(kernel, serverId, 'failed');
  await kernel.tell(administrator, requestMcpUpdate({ serverId, version: '1.1.0', swap: 'compatible' }));
  await reached(kernel, serverId, 'waiting');
  expect((await releasesOf(kernel, serverId)).update).toMatchObject({ tried: { calls: 1, failed: 1 } });
});

test('wherever its process dies, the old version runs or the new one, and after a restart the update comes to its end', {
  timeout: 120_000,
}, async () => {
  const releases = { '1.0.0': old, '1.1.0': grown };
  for (let crashAt = 1, died = true; died; crashAt++) {
    const disk = await newDisk();
    let writes = 0;
    let armed = false;
    died = false;
    const crashPoint = ({ part, method, args }: Write) => {
      const counts = armed && part === 'store' && method === 'append' && /^(mcpreleases|mcpcontract|job)-/.test(String(args[0]));
      if (!counts || died) return undefined;
      died = ++writes === crashAt;
      return died ? (crashAt % 2 === 0 ? 'before' : 'after') : undefined;
    };
    const first = await startAnnals({ disk, mcp: setting(releases), crashPoint });
    const serverId = await registered(first.kernel);
    await until(async () => (await takenTools(first.kernel, serverId)).length > 0);
    await first.kernel.tell(administrator, lookUpMcpReleases({ serverId: serverId as never }));
    await until(async () => (await releasesOf(first.kernel, serverId)).versions.length > 0);
    armed = true;
    first.kernel.tell(administrator, requestMcpUpdate({ serverId, version: '1.1.0', swap: 'compatible' })).catch(() => undefined);
    await Promise.race([first.crashed, reached(first.kernel, serverId, 'kept')]);
    if (died) first.crash();
    await first.stop();
    const second = await startAnnals({ disk, mcp: setting(releases) });
    const { kernel } = second;
    const { running, update } = await releasesOf(kernel, serverId);
    expect(['1.0.0', '1.1.0']).toContain(running?.version ?? '1.0.0');
    if (update !== undefined) {
      await reached(kernel, serverId, 'kept');
      await until(async () => (await takenTools(kernel, serverId)).includes('more'));
      const types = await typesOf(disk, mcpReleaseStream(serverId));
      for (const once of ['McpUpdateCompared', 'McpUpdateTried', 'McpReleaseSwapped', 'McpUpdateEnded'])
        expect(types.filter((type) => type === once)).toHaveLength(1);
    }
    await second.stop();
  }
});
