import { setTimeout as sleep } from 'node:timers/promises';
import type { McpTarget } from '../../adapters/mcp/port.ts';
import type { CommandValue } from '../../commands/command.ts';
import * as commands from '../../commands/mcp-releases.ts';
import { annals } from '../../commands/settle-active-run.ts';
import { contractIdOf, isQuarantined } from '../../domain/mcp/contract.ts';
import type { NpmPackage } from '../../domain/mcp/package.ts';
import { isOpen, type McpReleases, type McpUpdate } from '../../domain/mcp/release.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import { whyNotHolding } from '../../domain/mcp/trial.ts';
import { contractChanges, worstOf } from '../../domain/mcp-contract/changes.ts';
import { readContract } from '../../domain/mcp-contract/contract.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import { recordedCalls } from '../../projections/recorded-calls.ts';
import type { JobPlan, JobStep, JobWork } from '../jobs/kind.ts';
import { callsFailing, offerFrom, repeatable } from './quarantine.ts';
import { packageOf } from './releases.ts';
import type { UpdateParts } from './update-parts.ts';

interface Open {
  readonly server: NamedServer;
  readonly target: McpTarget;
  readonly npm: NpmPackage;
  readonly state: McpReleases;
  readonly update: McpUpdate;
  tell(command: CommandValue<unknown>): Promise<void>;
  /** Ends the update, because there is no sense in trying again. */
  fail(code: string, reason?: string): Promise<undefined>;
}

/** An update in steps, each recorded when it is done: whenever this breaks off, the old version runs, or the new one. */
export function updateJob(parts: UpdateParts): JobPlan {
  const step = (name: string, run: (open: Open, work: JobWork) => Promise<void>): JobStep => ({
    name,
    run: async (work) => {
      const open = await opened(parts, String(work.facts.about));
      if (open) await run(open, work);
      return undefined;
    },
  });
  return {
    steps: [
      step('install', (open, { signal }) => install(parts, open, signal)),
      step('compare', (open, { signal }) => compare(parts, open, signal)),
      step('try', (open, { signal }) => tryCalls(parts, open, signal)),
      step('decide', async ({ server: { serverId }, update, npm, tell }) => {
        if (update.tried) await tell(commands.decideMcpUpdate({ serverId, updateId: update.updateId, wanted: npm.wanted }));
      }),
      step('watch', (open, work) => watch(parts, open, work)),
    ],
    /** Nobody looks after it any more: an update that has not come to run is over, one that runs stays. */
    clean: async ({ facts }) => {
      const open = await opened(parts, String(facts.about));
      if (open?.update.status === 'watched')
        await open.tell(
          commands.endMcpUpdate({ serverId: open.server.serverId, updateId: open.update.updateId, outcome: 'kept', code: 'Unwatched' }),
        );
      else await open?.fail('InternalError');
    },
  };
}

/** The update that is going on at this server; undefined where there is none. One whose server is another now is ended. */
async function opened({ registry, releases, tell }: UpdateParts, serverId: string): Promise<Open | undefined> {
  const state = await releases.load(serverId);
  const { update, owner = ORGANISATION } = state;
  if (!update || !isOpen(update)) return undefined;
  const told = async (command: CommandValue<unknown>): Promise<void> => {
    const answer = await tell(annals(owner), command);
    if (!answer.ok && answer.error.code !== 'Superseded')
      throw Object.assign(new Error(`${answer.error.code}: ${answer.error.message}`), answer.error);
  };
  const fail = async (code: string, reason?: string): Promise<undefined> =>
    void (await told(commands.endMcpUpdate({ serverId, updateId: update.updateId, outcome: 'failed', code, reason })));
  const server = await registry.find(serverId, owner);
  const opened = server && (await registry.open(server));
  const npm = opened && packageOf(opened.target);
  if (!server || !opened || npm?.name !== update.package) return fail('RegistrationChanged');
  return { server, target: opened.target, npm, state, update, tell: told, fail };
}

/** Both lie apart before anything else happens: the new one, and the old one to go back to. */
async function install({ npm }: UpdateParts, { server, state, update, tell, fail }: Open, signal: AbortSignal): Promise<void> {
  const { serverId } = server;
  for (const version of [update.from, update.to]) {
    if (state.installed.get(version)?.package === update.package) continue;
    const made = await npm.resolve(update.package, version, signal);
    signal.throwIfAborted();
    if (!made.ok) return fail(`Install${made.error.code}`, `${version}: ${made.error.message}`);
    const { integrity, lock, lockHash } = made.value;
    await tell(commands.recordMcpInstall({ serverId, package: update.package, version, integrity, lock, lockHash }));
  }
}

async function compare(parts: UpdateParts, open: Open, signal: AbortSignal): Promise<void> {
  const { contracts, registry, releases, conflicts, connector, connectMs } = parts;
  const { server, target, state, update, tell, fail } = open;
  const { serverId } = server;
  if (update.compared) return;
  const quarantine = { connector, connectMs, signal };
  const offerOfVersion = async (version: string) => {
    const found = await releases.targetOf(serverId, target, version, signal);
    return found.ok ? offerFrom(quarantine, found.value) : found;
  };
  const after = await offerOfVersion(update.to);
  signal.throwIfAborted();
  if (!after.ok) return fail('DoesNotStart', after.error.message);
  const contractId = contractIdOf(server, server.owner);
  const contract = await registry.contractOf(server, server.owner);
  const seen = await contracts.offerAt(contractId, contract.place);
  // What an undo would go back to has to start where it lies now.
  const apart = state.running && seen ? undefined : await offerOfVersion(update.from);
  signal.throwIfAborted();
  if (apart?.ok === false) return fail('OldDoesNotStart', apart.error.message);
  const before = seen ?? apart?.value;
  const baseline = (await contracts.offerAt(contractId, contract.takenPlace)) ?? before;
  if (!before || !baseline) return fail('NothingToCompare');
  const changes = contractChanges(
    readContract(baseline.snapshot, baseline.protocolVersion),
    readContract(after.value.snapshot, after.value.protocolVersion),
  );
  const conflictTexts = [...(await conflicts.newWith(server, update.to, after.value))];
  await tell(
    commands.recordMcpComparison({
      serverId,
      updateId: update.updateId,
      class: worstOf(changes),
      changes: changes.length,
      conflicts: conflictTexts.length,
      settled: ![...contract.tools.values()].some(isQuarantined),
      beforeHash: before.contractHash,
      afterHash: after.value.contractHash,
      ...{ before, baseline, after: after.value, conflictTexts },
    }),
  );
}

/** A call counts as failed where it works with the old version and not with the new one. */
async function tryCalls(parts: UpdateParts, { server, target, update, tell, fail }: Open, signal: AbortSignal): Promise<void> {
  const { releases, connector, connectMs, offers } = parts;
  const { serverId } = server;
  if (update.tried || !update.compared) return;
  const compared = await offers(serverId, update.updateId);
  const calls = compared ? repeatable(await recordedCalls(parts, serverId), compared.before, compared.after) : [];
  const failingAt = async (version: string, which: typeof calls) => {
    const found = await releases.targetOf(serverId, target, version, signal);
    return found.ok ? callsFailing({ connector, connectMs, signal }, found.value, which) : found;
  };
  const failing = await failingAt(update.to, calls);
  signal.throwIfAborted();
  if (!failing.ok) return fail('DoesNotAnswer', failing.error.message);
  const old = failing.value.length > 0 ? await failingAt(update.from, failing.value) : failing;
  const failed = failing.value.filter((call) => !(old.ok && old.value.includes(call)));
  await tell(commands.recordMcpTrial({ serverId, updateId: update.updateId, calls: calls.length, failed: failed.length }));
}

/** For a while after the swap; whoever goes on with it after a crash watches for the rest of that time. */
async function watch(parts: UpdateParts, { server, update, tell }: Open, { facts, signal, report }: JobWork): Promise<void> {
  const { now, watchMs, pollMs, statuses, refresh, releases } = parts;
  const { serverId } = server;
  if (update.status !== 'watched') return;
  const until = typeof facts.until === 'string' ? facts.until : new Date(now().getTime() + watchMs).toISOString();
  await report(0, 1, { until });
  do {
    const status = (await statuses([serverId])).filter(({ release }) => release === update.to);
    if (!status.some(({ state }) => state === 'ready' || state === 'degraded' || state === 'connecting')) await refresh(server);
    const why = whyNotHolding((await statuses([serverId])).flatMap(({ release, trial }) => (release === update.to && trial ? [trial] : [])));
    if (why) return tell(commands.undoMcpUpdate({ serverId, updateId: update.updateId, why }));
    const { update: current } = await releases.load(serverId);
    if (current?.updateId !== update.updateId || current.status !== 'watched') return;
    await sleep(pollMs, undefined, { signal });
  } while (now().toISOString() < until);
  await tell(commands.endMcpUpdate({ serverId, updateId: update.updateId, outcome: 'kept' }));
}
