import * as mcp from '../../src/commands/mcp.ts';
import * as releases from '../../src/commands/mcp-releases.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import { Requirements } from '../../src/domain/mcp-plan/requirements.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { administrator, type Installation } from './memory-annals.ts';

const hashOf = (text: string): string => text.repeat(64).slice(0, 64);

/** What a server offers at three looks: one tool goes, one changes, one comes. */
async function contractsOf({ kernel }: Installation, serverId: string, owner: string): Promise<void> {
  const hints = { readOnly: false, destructive: true, idempotent: false };
  const snapshot = { serverName: 's', serverVersion: '1', instructions: null, capabilities: {}, prompts: [], templates: [], broken: [] };
  const seen: [string, Record<string, string>][] = [
    ['1', { stays: 'a', changes: 'b', goes: 'c' }],
    ['2', { stays: 'a', changes: 'd', comes: 'e' }],
    ['3', { stays: 'a', changes: 'd', comes: 'e', goes: 'f' }],
  ];
  for (const [contractHash, tools] of seen) {
    const listed = Object.entries(tools).map(([name, hash]) => ({ name, hash: hashOf(hash), hints }));
    const observed = { contractId: serverId, serverId, owner, registration: 1, era: 'legacy', protocolVersion: '2025-11-25' } as const;
    await kernel.tell(
      annals(owner as never),
      mcp.observeMcpContract({
        ...observed,
        contractHash: hashOf(contractHash),
        instructionsHash: hashOf('0'),
        tools: listed,
        prompts: [],
        templates: [],
        snapshot: { ...snapshot, tools: listed.map(({ name }) => ({ name })) },
      }),
    );
  }
  await kernel.tell(administrator, mcp.approveMcpTool({ contractId: serverId, serverId, tool: 'changes', hash: hashOf('d') }));
  await kernel.tell(administrator, mcp.takeMcpContract({ contractId: serverId, serverId, contractHash: hashOf('3') }));
}

/** Servers of tools, with everything that can happen to them. */
export async function toolServersOf(installation: Installation, who: Principal): Promise<void> {
  const { kernel } = installation;
  const address = { url: 'http://127.0.0.1:1/mcp' };
  const usual = {
    title: '',
    transport: 'http',
    address,
    headers: { authorization: 'x' },
    env: {},
    auth: 'none',
    enabled: true,
    timeoutMs: null,
  } as const;
  const told = await kernel.tell(administrator, mcp.registerMcpServer({ ...usual, owner: 'organisation', slug: 'shared', audience: 'everybody' }));
  const own = await kernel.tell(who, mcp.registerMcpServer({ ...usual, owner: 'self', slug: 'mine', audience: 'everybody' }));
  if (!told.ok || !own.ok) throw new Error(JSON.stringify([told, own]));
  const { serverId } = told.result;
  await contractsOf(installation, serverId, 'organisation');
  await updatesOf(installation, serverId);
  const changes = [
    mcp.addFromMcpCatalogue({ entry: 'sample-server', owner: 'organisation', inputs: {}, secrets: { 'x-key': 'x' } }),
    mcp.setMcpServerPolicy({ serverId, tool: null, policy: 'ask' }),
    mcp.setMcpServerPolicy({ serverId, tool: 'stays', policy: 'allow' }),
    mcp.setMcpServerPolicy({ serverId, tool: null, policy: null }),
    mcp.switchMcpServer({ serverId, enabled: false }),
    mcp.shareMcpServer({ serverId, audience: [who.id] }),
    mcp.changeMcpServer({ ...usual, serverId, slug: 'shared-anew', audience: 'everybody' }),
    mcp.setMcpRequirements({ serverId, requirements: Requirements.parse({ requires: { servers: { other: '^1' } } }) }),
    mcp.setMcpUpdates({ serverId, updates: 'compatible' }),
    mcp.lookUpMcpReleases({ serverId }),
    mcp.refreshMcpServer({ serverId, requestId: 'again' }),
    mcp.chooseMcpTools({ serverId, tool: null, scope: { model: 'demo/demo' }, enabled: false }),
    mcp.setMcpToolPolicy({ serverId, tool: 'stays', policy: 'deny' }),
  ];
  for (const change of changes) await kernel.tell<unknown>(administrator, change);
  await kernel.tell(who, mcp.removeMcpServer({ serverId: own.result.serverId }));
}

/** Updates of a server's package: one that is kept and undone, one that waits and is dismissed. */
async function updatesOf({ kernel }: Installation, serverId: string): Promise<void> {
  const by = annals('organisation' as never);
  const snapshot = { serverName: 's', serverVersion: '1', instructions: null, capabilities: {}, tools: [], prompts: [], templates: [], broken: [] };
  const offer = {
    ...{ contractHash: hashOf('7'), era: 'legacy', protocolVersion: '2025-11-25', instructionsHash: hashOf('0'), snapshot },
    ...{ tools: [], prompts: [], templates: [] },
  } as const;
  const offers = { before: { ...offer }, baseline: { ...offer }, after: { ...offer }, conflictTexts: ['x'] };
  const told = async (command: Parameters<typeof kernel.tell>[1]) => {
    const answer = await kernel.tell<unknown>(by, command);
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  };
  await told(releases.noteMcpReleasesUnknown({ serverId, code: 'Unreachable' }));
  await told(releases.noteMcpReleases({ serverId, package: '@x/notes', registered: '1.0.0', versions: ['2.0.0', '1.1.0', '1.0.0'] }));
  const begun = async (version: string): Promise<{ serverId: string; updateId: string }> => {
    const { updateId } = (await told(releases.requestMcpUpdate({ serverId, version, swap: 'asked' }))) as { updateId: string };
    const of = { serverId, updateId };
    await told(releases.recordMcpInstall({ serverId, package: '@x/notes', version, integrity: 'sha512-x', lock: '{}', lockHash: hashOf('8') }));
    const hashes = { beforeHash: hashOf('7'), afterHash: hashOf('7') };
    await told(releases.recordMcpComparison({ ...of, ...hashes, ...offers, class: 'compatible', changes: 0, conflicts: 1, settled: true } as never));
    await told(releases.recordMcpTrial({ ...of, calls: 1, failed: 0 }));
    await told(releases.decideMcpUpdate({ ...of, wanted: '1.0.0' }));
    return of;
  };
  const kept = await begun('1.1.0');
  await told(releases.approveMcpUpdate({ ...kept, contractHash: hashOf('7'), renames: {} }));
  await told(releases.decideMcpUpdate({ ...kept, wanted: '1.0.0' }));
  await told(releases.endMcpUpdate({ ...kept, outcome: 'kept' }));
  await told(releases.rollBackMcpRelease({ serverId }));
  const left = await begun('2.0.0');
  await told(releases.dismissMcpUpdate(left));
}
