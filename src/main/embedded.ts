import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobFolder } from '../adapters/blobs/folder.ts';
import type { DocumentStore } from '../adapters/document-store/port.ts';
import { openSqliteDocumentStore } from '../adapters/document-store/sqlite.ts';
import { renewEpoch } from '../adapters/event-store/epoch.ts';
import { takeOwnerLock } from '../adapters/event-store/owner-lock.ts';
import { type EventStore, START } from '../adapters/event-store/port.ts';
import { openSqliteEventStore } from '../adapters/event-store/sqlite.ts';
import { eventsFile } from '../adapters/event-store/sqlite-file.ts';
import { upcasting } from '../adapters/event-store/upcast.ts';
import { loadMasterKey, loadSecret } from '../adapters/key-vault/master-key.ts';
import { openSqliteKeyVault, vaultExists } from '../adapters/key-vault/sqlite.ts';
import { openSqliteLiveLog } from '../adapters/live-log/sqlite.ts';
import { discoverProviders } from '../adapters/model-provider/discover.ts';
import { createModels } from '../adapters/model-provider/models.ts';
import { upcasters } from '../domain/upcasters.ts';
import { holdsLast } from '../projections/checkpoint.ts';
import { collectionOf } from '../projections/view.ts';
import { views } from '../projections/views/index.ts';
import type { Settings } from '../settings.ts';
import { applyErasures } from '../workers/erasure.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { startProjector } from './projector-client.ts';

/** Something that keeps the server from starting, in one sentence that says what to do. */
export class StartRefused extends Error {}

export interface Embedded {
  readonly kernel: Kernel;
  /** The installation's secret, made on first start. */
  readonly secret: Buffer;
  close(drainMs: number): Promise<void>;
}

/** One process, SQLite files in one folder, nothing else. Throws `StartRefused` when something is in the way; nothing that is intact is touched. */
export async function openEmbedded(settings: Settings, log: (message: string) => void): Promise<Embedded> {
  const folder = settings.ANNALS_DATA;
  makePrivate(folder);
  const lock = takeOwnerLock(folder);
  if (!lock.ok) throw new StartRefused(lock.message);
  try {
    return await openLocked(settings, log, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The folder belongs to its owner alone. */
function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartRefused(
      `The data folder ${folder} cannot be made (${error instanceof Error ? error.message : String(error)}): name another one with --data.`,
    );
  }
}

/** The log; when the views have come further than it (an older one was put back), it begins a new epoch, so that views and reactions start over. */
async function openLog(folder: string, log: (message: string) => void): Promise<EventStore> {
  const store = upcasting(await openSqliteEventStore({ folder }), upcasters);
  const documents = await openSqliteDocumentStore({ folder, readOnly: true });
  const older = await isOlderThanViews(store, documents);
  await documents.close();
  if (!older) return store;
  await store.close();
  renewEpoch(folder);
  log('the log is older than the views: they are built anew');
  return upcasting(await openSqliteEventStore({ folder }), upcasters);
}

async function isOlderThanViews(store: EventStore, documents: DocumentStore): Promise<boolean> {
  const epoch = await store.epoch();
  for (const view of views) {
    const checkpoint = await documents.checkpoint(collectionOf(view));
    if (checkpoint?.epoch === epoch && !(await holdsLast(store, checkpoint))) return true;
  }
  return false;
}

async function openLocked(settings: Settings, log: (message: string) => void, release: () => void): Promise<Embedded> {
  const folder = settings.ANNALS_DATA;
  const masterKey = loadMasterKey({ folder, fromSetting: settings.RINI_API_MASTER_KEY });
  if (!masterKey.ok) throw new StartRefused(masterKey.message);
  const secret = loadSecret(join(folder, 'installation.secret'));
  if (!secret.ok) throw new StartRefused(secret.message);

  if (vaultExists(folder) && !existsSync(eventsFile(folder))) {
    throw new StartRefused(
      `The log ${eventsFile(folder)} is missing, though there are keys for it: put it back from its backup. Nothing was changed.`,
    );
  }
  const store = await openLog(folder, log);
  if (!vaultExists(folder) && (await store.head()) !== START) {
    await store.close();
    throw new StartRefused(
      `The key vault ${join(folder, 'keys.db')} is missing, and without it no text in the log can be read: put it back from its backup. Nothing was changed.`,
    );
  }
  const vault = await openSqliteKeyVault({ folder, masterKey: masterKey.key });
  const erased = await applyErasures(store, vault);
  if (erased > 0) log(`applied ${erased} erasures again that the key vault had not seen`);
  const blobs = await openBlobFolder({ folder });
  const liveLog = await openSqliteLiveLog({ folder, onDamage: (reason) => log(`the live log was begun anew: ${reason}`) });
  const projector = startProjector(folder, (message) => log(`the views are not being written: ${message}`));
  const documents = await openSqliteDocumentStore({ folder, readOnly: true });
  const state = await openSqliteDocumentStore({ folder, name: 'state.db' });
  const found = await discoverProviders(settings, settings.ANNALS_LOCAL_MODELS === 'off' ? { localServers: [] } : {});
  for (const warning of found.warnings) log(warning);
  const models = createModels({ providers: found.providers, defaultModel: found.defaultModel });
  const kernel = await createKernel({
    store,
    documents,
    state,
    vault,
    blobs,
    liveLog,
    models,
    progress: projector.progress,
    secret: secret.key,
    systemPrompt: settings.OPENAI_SYSTEM_PROMPT,
    approvalMs: settings.ANNALS_APPROVAL_TIMEOUT,
    log,
  });
  return {
    kernel,
    secret: secret.key,
    async close(drainMs) {
      await kernel.stop(drainMs);
      await projector.stop();
      for (const part of [liveLog, documents, state, blobs, vault, store]) await part.close();
      release();
    },
  };
}
