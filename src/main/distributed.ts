import { hostname } from 'node:os';
import { pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { v4 } from 'uuid';
import { openMongoBlobs } from '../adapters/blobs/mongodb.ts';
import { openMongoBus } from '../adapters/bus/mongodb.ts';
import type { Bus } from '../adapters/bus/port.ts';
import { openMongoDocumentStore } from '../adapters/document-store/mongodb.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { openMongoErasures } from '../adapters/erasure-list/mongodb.ts';
import { severalLists } from '../adapters/erasure-list/several.ts';
import { openEventStoreDb } from '../adapters/event-store/eventstoredb.ts';
import { leavesOfStore } from '../adapters/event-store/heads-leaves.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import { sharingTail } from '../adapters/event-store/shared-tail.ts';
import { upcasting } from '../adapters/event-store/upcast.ts';
import type { Leaves } from '../adapters/evidence/port.ts';
import { installationSecret } from '../adapters/key-vault/installation-secret-mongodb.ts';
import { loadMasterKey } from '../adapters/key-vault/master-key.ts';
import { openMongoKeyVault } from '../adapters/key-vault/mongodb.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { createLeaseHolder, type LeaseHolder } from '../adapters/leases/hold.ts';
import { createMongoLeases } from '../adapters/leases/mongodb.ts';
import { openMongoLiveLog } from '../adapters/live-log/mongodb.ts';
import { discoverProviders } from '../adapters/model-provider/discover.ts';
import { createModels } from '../adapters/model-provider/models.ts';
import { type MongoConnection, openMongo } from '../adapters/mongo/connection.ts';
import { tagger } from '../commands/tagger.ts';
import { upcasters } from '../domain/upcasters.ts';
import { createRemoteProgress } from '../projections/remote-progress.ts';
import { writeSharedViews } from '../projections/shared-projector.ts';
import { views } from '../projections/views/index.ts';
import type { Settings } from '../settings.ts';
import { applyErasures } from '../workers/apply-erasures.ts';
import { noDuties } from '../workers/duties.ts';
import { createSharedDuties, type SharedDuties } from '../workers/shared-duties.ts';
import { openBuiltIn } from './built-in.ts';
import { openErasureList, withErasures } from './erasures.ts';
import { openGateway } from './gateway.ts';
import { openHeads } from './heads.ts';
import type { Installation, Log } from './installation.ts';
import { createKernel } from './kernel.ts';
import type { Kernel } from './kernel-parts.ts';
import { openPost } from './mail.ts';
import { openMcp } from './mcp.ts';
import { patient } from './patient.ts';
import { privacyOf } from './privacy.ts';
import { StartRefused, sentenceOf } from './refused.ts';
import { switchedOff } from './switches.ts';
import { whyUnavailable } from './unavailable.ts';

/** How long a lease outlives the last sign of its holder. */
const LEASE_MS = 5000;
/** How long a start waits for the servers. */
const SERVERS_MS = 60_000;
const AGAIN_MS = 500;
const MARK_EVERY_MS = 60_000;
const FORGET = 'keys-destroyed';

/**
 * One of any number of processes around EventStoreDB and MongoDB. Throws `StartRefused` when a setting is missing or wrong, or no server is there for a
 * minute; nothing is changed then.
 */
export async function openDistributed(settings: Settings, log: Log): Promise<Installation> {
  await using opened = new AsyncDisposableStack();
  const { masterKey, eventStoreUrl, mongoUrl } = required(settings);
  const connection = await once(() => openMongo(mongoUrl), log);
  opened.defer(() => connection.close());
  const eventStore = await once(() => openEventStoreDb({ url: eventStoreUrl }), log);
  opened.defer(() => eventStore.close());
  const secret = await installationSecret({ connection, masterKey });
  const store = sharingTail(upcasting(eventStore, upcasters, tagger(secret)));
  const { kernel, work } = await openKernel({ settings, connection, store, leaves: leavesOfStore(eventStore), masterKey, secret, opened, log });
  const stopped = new AbortController();
  const working = work(stopped.signal);
  opened.defer(async () => {
    stopped.abort();
    await working;
  });
  const parts = opened.move();
  return {
    kernel,
    secret,
    async close(drainMs) {
      await kernel.stop(drainMs);
      await parts.disposeAsync();
    },
  };
}

/** The secret of an installation on servers, for its operator. */
export async function sharedSecret(settings: Settings): Promise<Buffer> {
  const { masterKey, mongoUrl } = required(settings);
  const connection = await openMongo(mongoUrl);
  return installationSecret({ connection, masterKey }).finally(() => connection.close());
}

interface Around {
  readonly settings: Settings;
  readonly connection: MongoConnection;
  readonly store: EventStore;
  /** Of the events as they are stored. */
  readonly leaves: Leaves;
  readonly masterKey: Buffer;
  readonly secret: Buffer;
  readonly opened: AsyncDisposableStack;
  readonly log: Log;
}

/** The kernel, and what goes on beside it until the signal. */
async function openKernel(around: Around): Promise<{ kernel: Kernel; work: (signal: AbortSignal) => Promise<unknown> }> {
  const { settings, connection, store, opened, log } = around;
  const bus = await openMongoBus(connection);
  opened.defer(() => bus.close());
  const bare = await openVault(around, bus);
  opened.defer(() => bare.close());
  const erasures = severalLists([openMongoErasures(connection), openErasureList(settings).list]);
  await erasures.level();
  const { vault } = await withErasures(store, bare, { list: erasures, isNew: false });
  const liveLog = await openMongoLiveLog(connection);
  opened.defer(() => liveLog.close());
  const blobs = await openMongoBlobs(connection);
  const documents = await openMongoDocumentStore({ connection, prefix: 'view.' });
  const progress = createRemoteProgress({ documents, bus, views, epoch: await store.epoch() });
  const { hold, duties } = workersOf(connection, log);
  const works = settings.ANNALS_ROLE !== 'api';
  const found = await discoverProviders(settings, settings.ANNALS_LOCAL_MODELS === 'off' ? { localServers: [] } : {});
  for (const warning of found.warnings) log(warning);
  const state = await openMongoDocumentStore({ connection, prefix: 'state.' });
  const post = openPost(settings);
  opened.defer(() => post.close());
  const kernel = await createKernel({
    store,
    documents,
    state,
    gateway: works ? await openGateway({ settings, store, state, secret: around.secret, opened, log }) : undefined,
    vault,
    erasures,
    blobs,
    liveLog,
    models: createModels(found),
    mcp: openMcp(settings, opened),
    builtIn: openBuiltIn(settings, opened),
    progress,
    secret: around.secret,
    heads: openHeads({ settings, secret: around.secret, leaves: around.leaves, state, epoch: () => store.epoch(), log }),
    systemPrompt: settings.OPENAI_SYSTEM_PROMPT,
    privacy: privacyOf(settings),
    approvalMs: settings.ANNALS_APPROVAL_TIMEOUT,
    switchedOff: switchedOff(settings),
    duties: works ? duties : noDuties,
    post,
    publicUrl: settings.ANNALS_PUBLIC_URL,
    firstAdministers: settings.ANNALS_ADMIN_EMAIL === undefined,
    needs: { 'event store': () => store.head(), MongoDB: () => connection.reach(() => connection.db.command({ ping: 1 })) },
    log,
  });
  const work = (signal: AbortSignal): Promise<unknown> =>
    Promise.all([
      progress.run(signal),
      ...(works
        ? [duties.live(signal), writeViews({ store, documents, bus, hold, log }, signal), keepMarking({ store, vault, erasures, hold, log }, signal)]
        : []),
    ]);
  return { kernel, work };
}

function workersOf(connection: MongoConnection, log: Log): { hold: LeaseHolder; duties: SharedDuties } {
  const leases = createMongoLeases(connection);
  const process = `${hostname()}:${pid}:${v4()}`;
  const said = new Map<string, string>();
  const hold = createLeaseHolder({
    leases,
    holder: process,
    ttlMs: LEASE_MS,
    onProblem: ({ lease, doing, error }) => {
      const problem = `lease ${lease}, ${doing}: ${sentenceOf(error)}`;
      if (said.get(lease) !== problem) log(problem);
      said.set(lease, problem);
    },
  });
  return { hold, duties: createSharedDuties({ leases, hold, process, ttlMs: LEASE_MS }) };
}

interface Writing {
  readonly store: EventStore;
  readonly documents: DocumentStore;
  readonly bus: Bus;
  readonly hold: LeaseHolder;
  readonly log: Log;
}

/** The writes of all views wait for MongoDB to be there again, which is said once. */
function writeViews({ store, documents, bus, hold, log }: Writing, signal: AbortSignal): Promise<void> {
  let waiting = 0;
  const onWait = (why: string | undefined): void => {
    waiting += why === undefined ? -1 : 1;
    if (why !== undefined && waiting === 1) log(`the views wait: ${why}`);
    if (why === undefined && waiting === 0) log('the views are being written again');
  };
  const insisting = patient(documents, { signal, everyMs: AGAIN_MS, onWait });
  return writeSharedViews({ store, documents: insisting, views, hold, bus, onProblem: log }, signal);
}

/** Keys that one process destroys are dropped from the caches of all. */
async function openVault({ connection, masterKey }: Around, bus: Bus): Promise<KeyVault> {
  const vault = await openMongoKeyVault({ connection, masterKey });
  bus.subscribe(FORGET, () => vault.forget());
  const telling = async (destroyed: Promise<void>): Promise<void> => {
    await destroyed;
    await bus.publish(FORGET, {});
  };
  return {
    ...vault,
    destroyScope: (scope) => telling(vault.destroyScope(scope)),
    destroySubject: (subject) => telling(vault.destroySubject(subject)),
  };
}

/** So that a start has few events to look through: erasures are cheap to repeat. */
const keepMarking = (
  { store, vault, erasures, hold, log }: { store: EventStore; vault: KeyVault; erasures: { level(): Promise<void> }; hold: LeaseHolder; log: Log },
  signal: AbortSignal,
): Promise<void> =>
  hold.campaign(
    'vault-mark',
    async (_, stop) => {
      while (!stop.aborted) {
        await sleep(MARK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
        await erasures.level().catch((error: unknown) => log(`the erasure list could not be completed: ${sentenceOf(error)}`));
        await applyErasures(store, vault).catch((error: unknown) => log(`the key vault could not note how far it has come: ${sentenceOf(error)}`));
      }
    },
    signal,
  );

/** Where more than one process can run, nothing secret is made by one of them. */
function required(settings: Settings): { masterKey: Buffer; eventStoreUrl: string; mongoUrl: string } {
  const { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl, RINI_API_MASTER_KEY: fromSetting, ANNALS_JWT_SECRET: jwtSecret } = settings;
  if (eventStoreUrl === undefined || mongoUrl === undefined)
    throw new StartRefused('EVENTSTORE_URL and MONGODB_URL belong together: set both, or neither to keep everything in the data folder.');
  if (jwtSecret === undefined)
    throw new StartRefused(
      'Processes that share servers need one secret for their tokens: set ANNALS_JWT_SECRET (`openssl rand -hex 32`) for all of them.',
    );
  if (fromSetting === undefined || fromSetting.trim() === '')
    throw new StartRefused(
      'Processes that share servers need one master key: set RINI_API_MASTER_KEY (`openssl rand -base64 32`) for all of them, and keep it.',
    );
  const masterKey = loadMasterKey({ folder: settings.ANNALS_DATA, fromSetting });
  if (!masterKey.ok) throw new StartRefused(masterKey.message);
  return { masterKey: masterKey.key, eventStoreUrl, mongoUrl };
}

/** Waits for a server that is not there yet, as after the start of a whole machine. */
async function once<Opened>(open: () => Promise<Opened>, log: Log): Promise<Opened> {
  const until = performance.now() + SERVERS_MS;
  for (let said = false; ; said = true) {
    try {
      return await open();
    } catch (error) {
      const why = whyUnavailable(error);
      if (why === undefined || performance.now() > until) throw new StartRefused(sentenceOf(error));
      if (!said) log(`waits: ${why}`);
      await sleep(AGAIN_MS);
    }
  }
}
