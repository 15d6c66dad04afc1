import type { ErasureList } from '../adapters/erasure-list/port.ts';
import { createLoader } from '../adapters/event-store/loader.ts';
import { createSealer } from '../adapters/key-vault/sealer.ts';
import { createFolderPost } from '../adapters/mail/folder.ts';
import { noCatalogue } from '../adapters/mcp-catalogue/port.ts';
import { createArgon2 } from '../adapters/password-hash/argon2.ts';
import { createTell } from '../commands/dispatcher.ts';
import { prepareFromCatalogue } from '../commands/mcp-catalogue.ts';
import { createRefusals } from '../commands/refusals.ts';
import { createSecurityLog } from '../commands/security-log.ts';
import { mayProcess } from '../commands/standing.ts';
import { tagger } from '../commands/tagger.ts';
import type { RecordedEvent } from '../domain/event.ts';
import { createAsk, viewsOf } from '../projections/ask.ts';
import { createFollow } from '../projections/follow.ts';
import { createHub } from '../projections/hub.ts';
import { preparePromptCall } from '../projections/prompt-call.ts';
import { prepareAnswer } from '../projections/question-answers.ts';
import { jobList } from '../projections/views/jobs.ts';
import { runList } from '../projections/views/runs.ts';
import { createAccounts } from '../workers/accounts/index.ts';
import { sweepAlerts } from '../workers/alerts.ts';
import { openBuiltInTools } from '../workers/built-in/index.ts';
import { sweepDeadlines } from '../workers/deadlines.ts';
import { allDuties } from '../workers/duties.ts';
import { eraseAgain } from '../workers/erase-again.ts';
import { createKeptErasure } from '../workers/erase-kept.ts';
import { createErasure } from '../workers/erasure.ts';
import type { Gateway } from '../workers/gateway/index.ts';
import { createJobs } from '../workers/jobs/index.ts';
import { jobPlans } from '../workers/jobs/plans.ts';
import { createKeyedModels } from '../workers/keyed-models.ts';
import { createMcp } from '../workers/mcp/index.ts';
import { createPromptUses } from '../workers/prompt-uses.ts';
import { createProviderKeys } from '../workers/provider-keys.ts';
import { createReactor, type ReactionStatus, type Reactor } from '../workers/reactor.ts';
import { createReplies } from '../workers/reply/index.ts';
import type { Shard } from '../workers/shard.ts';
import { createTitles } from '../workers/title.ts';
import { demoTools, joinedTools } from '../workers/tools.ts';
import { answeringUnavailable } from './answering.ts';
import type { Kernel, KernelParts } from './kernel-parts.ts';
import { knownPersons, principals } from './known-persons.ts';
import { missingOf } from './missing.ts';
import { createPrivacy } from './privacy.ts';
import { createRepeating } from './repeating.ts';
import { createUploads } from './uploads.ts';

const SWEEP_MS = 1000;
/** How long a command that another process had accepted before an account was closed may take to be stored. */
const SETTLE_MS = 5000;
/** From when on a view that does not keep up is a problem. */
const LATE_MS = 15_000;
/** How often what was only counted is written down. */
const REFUSALS_MS = 60_000;

/** Puts the kernel together from adapters: the three verbs, and the workers behind them. */
export async function createKernel(parts: KernelParts): Promise<Kernel> {
  const { store, documents, state, vault, blobs, liveLog, models, progress, secret, log, now = () => new Date(), duties = allDuties } = parts;
  const loader = createLoader(store);
  const sealer = createSealer({ vault, blobs });
  const hub = createHub(store);
  const views = viewsOf(documents);
  const refusals = createRefusals({ store, now });
  const security = createSecurityLog({ store, sealer, secret, now, log });
  const tag = tagger(secret);
  const { catalogue: toolCatalogue = noCatalogue, personsStart = false } = parts.mcp;
  const prepare = {
    sendMessage: preparePromptCall({ loader, store, sealer, views, tag }),
    answerToolInput: prepareAnswer({ store, sealer }),
    addFromMcpCatalogue: prepareFromCatalogue({ catalogue: toolCatalogue, personsStart }),
  };
  const { switchedOff = new Set<string>() } = parts;
  const tell = answeringUnavailable(createTell({ store, loader, sealer, secret, now, refusals, switchedOff, prepare }));
  const privacy = createPrivacy({ tell, loader, store, sealer, blobs, views, progress, now, secret, settings: parts.privacy });
  const { shown: onShown, record: onRefusal } = refusals;
  const evidence = parts.heads?.evidence;
  const ask = createAsk({ store, loader, documents, sealer, liveLog, progress, onShown, onRefusal, evidence, tag, privacy: privacy.asking });
  const follow = createFollow({ store, loader, sealer, liveLog, hub, documents, progress, onShown, onRefusal });
  const known = knownPersons({ loader, views });
  const principalOf = principals(known);
  const keys = createProviderKeys({ tell, loader, store, sealer, now });
  const { callModel, catalogue } = createKeyedModels({
    models,
    keys,
    principalOf,
    mayProcess: (person) => mayProcess(loader, person),
    privateAddresses: parts.privateAddresses ?? false,
    mask: privacy.mask,
  });
  const uses = createPromptUses({ tell, views, now });
  const { builtIn = {} } = parts;
  const builtInTools = builtIn === 'off' ? undefined : openBuiltInTools({ loader, ask, now, tag, used: uses.used, security }, builtIn);
  const mcp = createMcp({ ...{ tell, loader, store, sealer, blobs, hub, views, state, secret, now, security, setting: parts.mcp }, onProblem: log });
  const { post = createFolderPost(), hashes = createArgon2(), firstAdministers = false, publicUrl } = parts;
  const { accounts, ...accounting } = createAccounts({
    tell,
    loader,
    store,
    sealer,
    views,
    hashes,
    post,
    secret,
    firstAdministers,
    publicUrl,
    now,
    log,
  });
  const replies = createReplies({
    tell,
    tools: joinedTools([demoTools, ...(builtInTools ? [builtInTools] : []), mcp.tools]),
    callModel,
    principalOf,
    duties,
    loader,
    store,
    sealer,
    blobs,
    views,
    hub,
    liveLog,
    models,
    now,
    approvalMs: parts.approvalMs ?? 24 * 3600_000,
    keepLiveMs: privacy.keepLiveMs,
    onProblem: log,
    ...(parts.systemPrompt ? { systemPrompt: parts.systemPrompt } : {}),
  });
  const settleMs = duties.takeOver === 'once' ? 0 : SETTLE_MS;
  const { scrub } = parts;
  const kinds =
    parts.jobs ?? jobPlans({ store, loader, vault, blobs, liveLog, tell, views, progress, settleMs, scrub }, { ...privacy.jobs, ...mcp.jobs });
  const jobs = createJobs({
    tell,
    loader,
    views,
    hub,
    duties,
    onProblem: log,
    kinds,
    ...(parts.backoff ? { backoff: parts.backoff } : {}),
  });
  const reactions = [
    ...replies.reactions,
    ...jobs.reactions,
    ...mcp.reactions,
    createTitles({ tell, loader, sealer, models, callModel }),
    ...createErasure({ store, tell, loader, vault, blobs, liveLog, views, progress }),
    ...accounting.reactions,
    ...createKeptErasure({ vault, blobs }),
  ];
  const onProblem = (reaction: string, event: RecordedEvent | undefined, reason: string): void =>
    log(`reaction ${reaction}${event ? ` at ${event.type} in ${event.stream}` : ''}: ${reason}`);
  const reactors = new Set<Reactor>();
  const react = async (shard: Shard, signal: AbortSignal): Promise<void> => {
    const { backoff } = parts;
    const reactor = createReactor({ store, loader, tell, state, shard, reactions, onProblem, ...(backoff ? { backoff } : {}) });
    reactors.add(reactor);
    await reactor.run(signal).finally(() => reactors.delete(reactor));
  };
  const reactionStatus = (): ReactionStatus[] => [...reactors].flatMap((reactor) => reactor.status());
  let publishing: Gateway | undefined;
  const leaving = new AbortController();
  const publish = async (signal: AbortSignal, isTurn: () => boolean): Promise<void> => {
    publishing = parts.gateway?.(isTurn);
    // What it cannot translate, a newer release can.
    if ((await publishing?.run(signal)) === 'halted') leaving.abort();
    else publishing = undefined;
  };
  const stopped = new AbortController();
  const reacting = new AbortController();
  const running: Promise<unknown>[] = [];
  let ready = false;

  let flushedAt = now().getTime();
  const flushRefusals = async (): Promise<void> => {
    if (now().getTime() - flushedAt < REFUSALS_MS) return;
    flushedAt = now().getTime();
    await refusals.flush();
    await security.flush();
    await keys.sweep();
    await uses.sweep();
  };
  const sweepDue = async (): Promise<void> => {
    await sweepDeadlines({ tell, views, now });
    await sweepAlerts({ tell, views, now });
    await accounting.sweep();
    await privacy.sweep();
    await liveLog.sweep(now().getTime());
  };
  /** A halted view comes no further: what it knows has to do. */
  const openCaughtUp = async (head: string): Promise<void> => {
    const halted = (name: string): boolean => progress.status().some(({ view, state: at }) => view === name && at === 'halted');
    while (!stopped.signal.aborted) {
      const views = [runList.name, jobList.name].filter((name) => !halted(name));
      if (views.length === 0 || (await progress.waitFor(views, head, { timeoutMs: SWEEP_MS, signal: stopped.signal }))) return;
    }
  };
  const takeOver = async (): Promise<void> => {
    const count = await replies.takeOver();
    if (count > 0) log(`took over ${count} unfinished ${count === 1 ? 'answer' : 'answers'}`);
    const left = await jobs.takeOver();
    if (left > 0) log(`took over ${left} unfinished ${left === 1 ? 'job' : 'jobs'}`);
  };
  const { guard, every } = createRepeating(log);
  const restoreErasures = async (list: ErasureList, signal: AbortSignal): Promise<void> => {
    const count = await eraseAgain({ list, tell, loader, store, views, progress }, signal);
    if (count > 0) log(`erased again ${count} ${count === 1 ? 'thing' : 'things'} that a restored log did not know to be erased`);
    await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
  };

  return {
    tell,
    ask,
    follow,
    progress,
    refusals,
    security,
    loader,
    models: catalogue,
    accounts,
    prompts: uses,
    toolServers: {
      statuses: mcp.statuses,
      logins: mcp.logins,
      catalogue: async () => ({ ...(await toolCatalogue.read()), personsStart }),
      ...(builtInTools ? { builtIn: builtInTools.list } : {}),
    },
    metrics: mcp.metrics,
    sweep: async () => {
      await flushRefusals();
      await sweepDue();
      await accounting.sendMails();
    },
    exports: privacy.exports,
    epoch: await store.epoch(),
    uploads: createUploads({ sealer, blobs }),
    known,
    reactions: reactionStatus,
    health: async () => {
      const problems = progress
        .status()
        .filter(({ state: at, lagMs }) => at !== 'live' || lagMs > LATE_MS)
        .map(({ view, state: at, reason, position, lagMs }) => `view ${view}: ${reason ?? `${at}, at ${position}, ${lagMs} ms behind`}`);
      const building = progress.status().some(({ state: at }) => at === 'catching-up');
      for (const { reaction, stopped: why } of reactionStatus()) if (why) problems.push(`reaction ${reaction}: ${why}`);
      const published = publishing?.status();
      if (published?.problem !== undefined)
        problems.push(`Kafka: ${published.problem}${published.lagMs === undefined ? '' : `, ${published.lagMs} ms behind`}`);
      const unproved = await parts.heads?.evidence.problem().catch(() => undefined);
      if (unproved !== undefined) problems.push(unproved);
      problems.push(...mcp.problems());
      const missing = await missingOf(parts.needs ?? {});
      return { ready: ready && !building && missing.length === 0 && !reacting.signal.aborted, problems: [...missing, ...problems] };
    },
    async start() {
      running.push(guard('hub', hub.run(stopped.signal)));
      running.push(guard('reactions', duties.react(react, reacting.signal)));
      if (duties.takeOver === 'once') {
        await openCaughtUp(await store.head());
        if (reacting.signal.aborted) return;
        await takeOver();
      } else if (duties.takeOver !== 'never') running.push(every('unfinished answers', duties.takeOver.everyMs, takeOver, reacting.signal));
      ready = true;
      running.push(every('refusals', SWEEP_MS, flushRefusals, reacting.signal));
      running.push(guard('tool servers', mcp.work(duties, reacting.signal)));
      if (parts.gateway) running.push(guard('Kafka', duties.alone('gateway', publish, AbortSignal.any([reacting.signal, leaving.signal]))));
      const { heads } = parts;
      if (heads) running.push(duties.alone('heads', (signal) => every('heads', heads.everyMs, () => heads.sign(signal), signal), reacting.signal));
      running.push(duties.alone('mails', (signal) => every('mails', SWEEP_MS, accounting.sendMails, signal), reacting.signal));
      const { erasures: list } = parts;
      if (list)
        running.push(
          guard(
            'erasures',
            duties.alone('erasures', (signal) => restoreErasures(list, signal), reacting.signal),
          ),
        );
      running.push(duties.alone('sweeper', (signal) => every('sweep', SWEEP_MS, sweepDue, signal), reacting.signal));
    },
    leave: () => reacting.abort(),
    hurry: () => void replies.drain(0),
    async stop(drainMs) {
      reacting.abort();
      await Promise.all([replies.drain(drainMs), jobs.stop()]);
      await mcp.close();
      stopped.abort();
      await Promise.all(running);
      await keys.flush();
      await uses.flush();
      await refusals.flush();
      await security.flush();
    },
  };
}
