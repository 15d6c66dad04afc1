import { randomBytes } from 'node:crypto';
import { createMemoryBlobs } from '../../src/adapters/blobs/memory.ts';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { headKey } from '../../src/adapters/event-store/heads.ts';
import { createHeads } from '../../src/adapters/event-store/heads-export.ts';
import { leavesOfStore } from '../../src/adapters/event-store/heads-leaves.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { createGuardedFetch } from '../../src/adapters/guarded-fetch/index.ts';
import { createMemoryKeyVault } from '../../src/adapters/key-vault/memory.ts';
import { createMemoryLiveLog } from '../../src/adapters/live-log/memory.ts';
import type { MailPost } from '../../src/adapters/mail/port.ts';
import { createMcpConnector } from '../../src/adapters/mcp/connector.ts';
import { createDemoProvider } from '../../src/adapters/model-provider/demo.ts';
import { createModels } from '../../src/adapters/model-provider/models.ts';
import type { ModelProvider, Models } from '../../src/adapters/model-provider/port.ts';
import type { PasswordHashes } from '../../src/adapters/password-hash/port.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import type { RunItem } from '../../src/domain/message.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { PrivacySettings } from '../../src/domain/privacy.ts';
import { createKernel } from '../../src/main/kernel.ts';
import type { Kernel, KernelParts } from '../../src/main/kernel-parts.ts';
import { createProgress } from '../../src/projections/progress.ts';
import { createProjector } from '../../src/projections/projector.ts';
import { views } from '../../src/projections/views/index.ts';
import { sampleCatalogue } from './played-catalogue.ts';
import { type CrashPoint, severed } from './severed.ts';

export const person = (name: string, kind: 'person' | 'anonymous' = 'person'): Principal => ({
  id: `person_${kind === 'anonymous' ? 'anon_' : ''}${name}` as PersonId,
  kind,
  roles: kind === 'person' ? ['member'] : [],
});
export const administrator: Principal = { id: 'person_admin' as PersonId, kind: 'person', roles: ['administrator'] };

/** The parts that outlive a process: give them to another `start` and it is the same installation after a restart. */
export interface Disk {
  readonly store: KernelParts['store'];
  readonly documents: KernelParts['documents'];
  readonly state: KernelParts['state'];
  readonly vault: KernelParts['vault'];
  readonly blobs: KernelParts['blobs'];
  readonly liveLog: KernelParts['liveLog'];
  readonly secret: Buffer;
}

const memoryDisk = (): Disk => ({
  store: createMemoryEventStore(),
  documents: createMemoryDocumentStore(),
  state: createMemoryDocumentStore(),
  vault: createMemoryKeyVault(),
  blobs: createMemoryBlobs(),
  liveLog: createMemoryLiveLog(),
  secret: randomBytes(32),
});

/** The disk that this run of the tests is about: in memory, or on servers. */
export const newDisk = async (): Promise<Disk> =>
  process.env.ANNALS_TEST_DISK === 'servers' ? (await import('./server-disk.ts')).serverDisk() : memoryDisk();

/** Gives back what the disks of this test took so far, as the end of the test does: for a test that needs many, one after the other. */
export const closeDisks = async (): Promise<void> => {
  if (process.env.ANNALS_TEST_DISK === 'servers') await (await import('./server-disk.ts')).closeServerDisks();
};

export interface Installation {
  readonly kernel: Kernel;
  /** What outlives the process. */
  readonly disk: Disk;
  /** Ends the process at once: it writes nothing any more, and nobody answers it. */
  readonly crash: () => void;
  /** Resolves when the process has died. */
  readonly crashed: Promise<void>;
  /** The clock, which only moves when told. */
  readonly clock: { now: Date };
  readonly problems: readonly string[];
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly disk?: Disk;
  readonly providers?: readonly ModelProvider[];
  readonly defaultModel?: string;
  readonly approvalMs?: number;
  /** `false`: commands and views only, nothing reacts. */
  readonly workers?: boolean;
  readonly clock?: { now: Date };
  /** Where the process dies. */
  readonly crashPoint?: CrashPoint;
  /** Persons may have models called in this machine's own network. */
  readonly privateAddresses?: boolean;
  /** How mails leave; default: not at all. */
  readonly post?: MailPost;
  /** How passwords are hashed. */
  readonly hashes?: PasswordHashes;
  /** Instead of the demonstration's registry, with its retries and pauses. */
  readonly models?: Models;
  /** Long work, by kind; default: what this release does. */
  readonly jobs?: KernelParts['jobs'];
  /** How servers of tools are connected to; default: really, with no address closed. */
  readonly mcp?: KernelParts['mcp'];
  /** By what built-in tools reach the web; default: by nothing. */
  readonly builtIn?: KernelParts['builtIn'];
  /** How often a head of the log is signed, in ms; default: never. */
  readonly headsEveryMs?: number;
  /** Commands that this installation does not want. */
  readonly switchedOff?: ReadonlySet<string>;
  readonly privacy?: PrivacySettings;
}

/** The heads of a log that is on this disk, exported nowhere. */
function signing({ store, state, secret }: Disk, everyMs: number, now: () => Date): NonNullable<KernelParts['heads']> {
  const parts = { leaves: leavesOfStore(store), state, epoch: () => store.epoch(), key: headKey(secret), installation: 'in-memory', now };
  const heads = createHeads(parts);
  return { evidence: heads, everyMs, sign: async () => void (await heads.sign()) };
}

/** A whole installation in memory: the real kernel, the real views and workers, adapters that keep nothing on disk. */
export async function startAnnals({
  disk: given,
  providers = [createDemoProvider()],
  defaultModel = 'demo/demo',
  approvalMs = 3600_000,
  workers = true,
  clock = { now: new Date('2026-01-01T00:00:00.000Z') },
  crashPoint,
  privateAddresses = false,
  models = createModels({ providers, defaultModel: async () => defaultModel }),
  headsEveryMs,
  switchedOff,
  post,
  hashes,
  privacy,
  jobs,
  mcp = {
    connector: (onBlocked) => createMcpConnector({ fetch: createGuardedFetch({ allow: ['*'], onBlocked }).fetch, version: 'test' }),
    catalogue: sampleCatalogue,
  },
  builtIn,
}: StartOptions = {}): Promise<Installation> {
  const disk = given ?? (await newDisk());
  const stopped = new AbortController();
  const problems: string[] = [];
  const alive = severed(disk, crashPoint);
  const projector = createProjector({
    store: alive.disk.store,
    documents: alive.disk.documents,
    views,
    onProgress: (statuses) => progress.report(statuses),
  });
  const progress = createProgress([], projector.rebuild);
  const projecting = projector.run(stopped.signal);
  projecting.catch((error: unknown) => problems.push(String(error)));
  const kernel = await createKernel({
    ...alive.disk,
    models,
    mcp,
    ...(builtIn === undefined ? {} : { builtIn }),
    ...(headsEveryMs === undefined ? {} : { heads: signing(alive.disk, headsEveryMs, () => clock.now) }),
    progress,
    now: () => clock.now,
    approvalMs,
    privateAddresses,
    ...(switchedOff === undefined ? {} : { switchedOff }),
    ...(hashes ? { hashes } : {}),
    ...(post ? { post, publicUrl: 'https://annals.example' } : {}),
    privacy,
    ...(jobs ? { jobs } : {}),
    log: (message) => problems.push(message),
    backoff: () => 1,
  });
  let dead = false;
  void alive.crashed.then(() => {
    dead = true;
  });
  if (workers) await Promise.race([kernel.start(), alive.crashed]);
  return {
    kernel,
    disk,
    clock,
    problems,
    crash: alive.crash,
    crashed: alive.crashed,
    async stop() {
      if (!dead) await Promise.race([kernel.stop(0), alive.crashed]);
      stopped.abort();
      if (!dead) await Promise.race([projecting.catch(() => undefined), alive.crashed]);
    },
  };
}

/** Reads a run's stream to its end or pause. */
export async function readRun(
  kernel: Kernel,
  principal: Principal,
  conversationId: string,
  runId: string,
  options: { segment?: number; only?: boolean; signal?: AbortSignal } = {},
): Promise<RunItem[]> {
  const { signal = AbortSignal.timeout(20_000), ...rest } = options;
  const following = await kernel.follow(principal, { topic: 'run', conversationId, runId, ...rest } as never, { signal });
  if (!following.ok) throw new Error(following.error.code);
  const items: RunItem[] = [];
  for await (const { item } of following.items) items.push(item as RunItem);
  return items;
}

/** The text that a reader of these items has seen. */
export const textOf = (items: readonly RunItem[]): string => items.flatMap((item) => (item.type === 'text' ? [item.delta] : [])).join('');
