import { setTimeout as sleep } from 'node:timers/promises';
import type { Blobs } from '../adapters/blobs/port.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { createLoader, type Loader } from '../adapters/event-store/loader.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import type { Evidence } from '../adapters/evidence/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { createSealer } from '../adapters/key-vault/sealer.ts';
import type { LiveLog } from '../adapters/live-log/port.ts';
import type { McpConnector } from '../adapters/mcp/port.ts';
import type { Models } from '../adapters/model-provider/port.ts';
import type { Annals } from '../api/annals.ts';
import type { KnownPersons } from '../api/http/identity/identify.ts';
import { createTell, tagger } from '../commands/dispatcher.ts';
import { createRefusals } from '../commands/refusals.ts';
import type { RecordedEvent } from '../domain/event.ts';
import type { PersonId } from '../domain/ids.ts';
import { personStream, persons } from '../domain/person.ts';
import { createAsk, viewsOf } from '../projections/ask.ts';
import { createFollow } from '../projections/follow.ts';
import { createHub } from '../projections/hub.ts';
import type { Progress } from '../projections/progress.ts';
import { preparePromptCall } from '../projections/prompt-call.ts';
import { claims } from '../projections/views/claims.ts';
import { runList } from '../projections/views/runs.ts';
import { type BuiltInParts, createBuiltInTools } from '../workers/built-in/index.ts';
import { sweepDeadlines } from '../workers/deadlines.ts';
import { allDuties, type Duties } from '../workers/duties.ts';
import { createErasure } from '../workers/erasure.ts';
import type { Gateway } from '../workers/gateway/index.ts';
import { createKeyedModels } from '../workers/keyed-models.ts';
import { createMcp } from '../workers/mcp/index.ts';
import { type McpLimits, usualMcpLimits } from '../workers/mcp/pool-parts.ts';
import { createPromptUses } from '../workers/prompt-uses.ts';
import { createProviderKeys } from '../workers/provider-keys.ts';
import { createReactor, type ReactionStatus, type Reactor } from '../workers/reactor.ts';
import { createReplies } from '../workers/reply/index.ts';
import type { Shard } from '../workers/shard.ts';
import { createTitles } from '../workers/title.ts';
import { demoTools, joinedTools } from '../workers/tools.ts';
import { missingOf } from './missing.ts';
import { answeringUnavailable, whyUnavailable } from './unavailable.ts';
import { createUploads } from './uploads.ts';

export interface KernelParts {
  readonly store: EventStore;
  readonly documents: DocumentStore;
  /** Checkpoints of reactions, apart from the views. */
  readonly state: DocumentStore;
  readonly vault: KeyVault;
  readonly blobs: Blobs;
  readonly liveLog: LiveLog;
  readonly models: Models;
  readonly progress: Progress;
  readonly secret: Buffer;
  readonly now?: () => Date;
  readonly systemPrompt?: string | undefined;
  readonly approvalMs?: number;
  /** Persons may have models called in this machine's own network. */
  readonly privateAddresses?: boolean;
  readonly log: (message: string) => void;
  readonly backoff?: (attempt: number) => number;
  /** Where public events go. */
  readonly gateway?: ((owns: () => boolean) => Gateway) | undefined;
  /** What this process needs beside itself, by name: each rejects when it is not there. */
  readonly needs?: Readonly<Record<string, () => Promise<unknown>>>;
  /** What proves the log to auditors, and what signs it again and again. */
  readonly heads?: { readonly evidence: Evidence; readonly everyMs: number; readonly sign: (signal: AbortSignal) => Promise<void> };
  /** How servers of tools are connected to, and which commands may be started for them (empty: any). */
  readonly mcp: { readonly connector: McpConnector; readonly commands?: readonly string[]; readonly limits?: Partial<McpLimits> };
  /** By what built-in tools reach the web. */
  readonly builtIn?: 'off' | Pick<BuiltInParts, 'search' | 'readPage'>;
  /** Which reactions and sweeps are this process's: all, where nobody says otherwise. */
  readonly duties?: Duties;
}

export interface Kernel extends Annals {
  readonly loader: Loader;
  /** What is known of those who come. */
  readonly known: KnownPersons;
  reactions(): readonly ReactionStatus[];
  /** Starts reactions and sweeps; resolves once everything that a dead process left open has been taken over. */
  start(): Promise<void>;
  /** Reacts to nothing any more, so that other processes take it up, and is not ready from now on. */
  leave(): void;
  /** Lets streaming answers end for that long, then stops. */
  stop(drainMs: number): Promise<void>;
  /** Cuts short what `stop` waits for: streaming answers end as interrupted. */
  hurry(): void;
  /** Everything that is due: what a clock that tests drive has to call. */
  sweep(): Promise<void>;
}

const SWEEP_MS = 1000;
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
  const onRefusal: Parameters<typeof createAsk>[0]['onRefusal'] = (principal, refused) => refusals.record(principal, refused);
  const prepare = { sendMessage: preparePromptCall({ loader, store, sealer, views, tag: tagger(secret) }) };
  const tell = answeringUnavailable(createTell({ store, loader, sealer, secret, now, refusals, prepare }));
  const ask = createAsk({ store, loader, documents, sealer, liveLog, progress, onShown: refusals.shown, onRefusal, evidence: parts.heads?.evidence });
  const follow = createFollow({
    store,
    loader,
    sealer,
    liveLog,
    hub,
    documents,
    progress,
    onRefusal: (principal, refused) => refusals.record(principal, refused),
  });
  const keys = createProviderKeys({ tell, loader, store, sealer, now });
  const { callModel, catalogue } = createKeyedModels({ models, keys, privateAddresses: parts.privateAddresses ?? false });
  const uses = createPromptUses({ tell, views, now });
  const mcp = createMcp({
    ...{ tell, loader, store, sealer, blobs, hub, state, secret, now },
    connector: parts.mcp.connector,
    commands: parts.mcp.commands ?? [],
    limits: { ...usualMcpLimits, ...parts.mcp.limits },
    onProblem: log,
  });
  const { builtIn = {} } = parts;
  const builtInTools = builtIn === 'off' ? [] : [createBuiltInTools({ loader, ask, now, used: uses.used, ...builtIn })];
  const replies = createReplies({
    tell,
    tools: joinedTools([demoTools, ...builtInTools, mcp.tools]),
    callModel,
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
    onProblem: log,
    ...(parts.systemPrompt ? { systemPrompt: parts.systemPrompt } : {}),
  });
  const reactions = [
    ...replies.reactions,
    ...mcp.reactions,
    createTitles({ tell, loader, sealer, models, callModel }),
    ...createErasure({ store, tell, loader, vault, blobs, liveLog }),
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
    await keys.sweep();
    await uses.sweep();
  };
  const sweepDue = async (): Promise<void> => {
    await sweepDeadlines({ tell, views, now });
    await liveLog.sweep(now().getTime());
  };
  /** A halted view comes no further: what it knows has to do. */
  const runsCaughtUp = async (head: string): Promise<void> => {
    const halted = (): boolean => progress.status().some(({ view, state: at }) => view === runList.name && at === 'halted');
    while (!stopped.signal.aborted && !halted()) {
      if (await progress.waitFor([runList.name], head, { timeoutMs: SWEEP_MS, signal: stopped.signal })) return;
    }
  };
  const takeOver = async (): Promise<void> => {
    const count = await replies.takeOver();
    if (count > 0) log(`took over ${count} unfinished ${count === 1 ? 'answer' : 'answers'}`);
  };
  const guard = (what: string, work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => log(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
  /** Again and again until the signal; what keeps it from working is said once. */
  const every = async (what: string, ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    let said: string | undefined;
    while (!signal.aborted) {
      said = await work().then(
        () => undefined,
        (error: unknown) => {
          const why = whyUnavailable(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
          if (why !== said) log(`${what}: ${why}`);
          return why;
        },
      );
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    tell,
    ask,
    follow,
    progress,
    refusals,
    loader,
    models: catalogue,
    prompts: uses,
    toolServers: { statuses: mcp.board.read },
    sweep: async () => {
      await flushRefusals();
      await sweepDue();
    },
    epoch: await store.epoch(),
    uploads: createUploads({ sealer, blobs }),
    known: {
      claimedBy: async (person) => (await loader.load(personStream(person), persons)).state.claimedBy,
      claimedOf: async (person) => (await views.find(claims, { by: person }, { limit: 1000 })).documents.map(({ id }) => id as PersonId),
      standingOf: async (person) => {
        const { registered, disabled = false, roles, signedOutAt, tokens } = (await loader.load(personStream(person), persons)).state;
        return { disabled, revokedFrom: (tokenId) => tokens.get(tokenId), ...(registered ? { roles } : {}), ...(signedOutAt ? { signedOutAt } : {}) };
      },
    },
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
      const missing = await missingOf(parts.needs ?? {});
      return { ready: ready && !building && missing.length === 0 && !reacting.signal.aborted, problems: [...missing, ...problems] };
    },
    async start() {
      running.push(guard('hub', hub.run(stopped.signal)));
      running.push(guard('reactions', duties.react(react, reacting.signal)));
      if (duties.takeOver === 'once') {
        await runsCaughtUp(await store.head());
        if (reacting.signal.aborted) return;
        await takeOver();
      } else if (duties.takeOver !== 'never') running.push(every('unfinished answers', duties.takeOver.everyMs, takeOver, reacting.signal));
      ready = true;
      running.push(every('refusals', SWEEP_MS, flushRefusals, reacting.signal));
      running.push(every('tool servers', SWEEP_MS, mcp.sweep, reacting.signal));
      if (parts.gateway) running.push(guard('Kafka', duties.alone('gateway', publish, AbortSignal.any([reacting.signal, leaving.signal]))));
      const { heads } = parts;
      if (heads) running.push(duties.alone('heads', (signal) => every('heads', heads.everyMs, () => heads.sign(signal), signal), reacting.signal));
      running.push(duties.alone('sweeper', (signal) => every('sweep', SWEEP_MS, sweepDue, signal), reacting.signal));
    },
    leave: () => reacting.abort(),
    hurry: () => void replies.drain(0),
    async stop(drainMs) {
      reacting.abort();
      await replies.drain(drainMs);
      await mcp.close();
      stopped.abort();
      await Promise.all(running);
      await keys.flush();
      await uses.flush();
      await refusals.flush();
    },
  };
}
