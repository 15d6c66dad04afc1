import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobFolder } from '../adapters/blobs/folder.ts';
import { scrubDatabases } from '../adapters/document-store/sqlite-scrub.ts';
import { leavesInFolder } from '../adapters/event-store/heads-leaves-sqlite.ts';
import { takeOwnerLock } from '../adapters/event-store/owner-lock.ts';
import type { EventStore } from '../adapters/event-store/port.ts';
import { loadMasterKey, loadSecret } from '../adapters/key-vault/master-key.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { openSqliteKeyVault, vaultExists } from '../adapters/key-vault/sqlite.ts';
import { openSqliteLiveLog } from '../adapters/live-log/sqlite.ts';
import { discoverProviders } from '../adapters/model-provider/discover.ts';
import { createModels } from '../adapters/model-provider/models.ts';
import type { Settings } from '../settings.ts';
import { applyErasures } from '../workers/apply-erasures.ts';
import { openBuiltIn } from './built-in.ts';
import { openErasureList, withErasures } from './erasures.ts';
import { openGateway } from './gateway.ts';
import { openHeads } from './heads.ts';
import { type Installation, isForLocalPerson, type Log } from './installation.ts';
import { createKernel } from './kernel.ts';
import type { Kernel } from './kernel-parts.ts';
import { openLog, renewedIfOlder } from './log.ts';
import { openPost } from './mail.ts';
import { openMcp } from './mcp.ts';
import { privacyOf } from './privacy.ts';
import { StartRefused, sentenceOf } from './refused.ts';
import { openRebuildable } from './set-aside.ts';
import { switchedOff } from './switches.ts';
import { openViews } from './views.ts';
import { requireWhole } from './whole.ts';

/** How often the vault notes how far the log's erasures are known to it. */
const MARK_EVERY_MS = 60_000;

/** One process, SQLite files in one folder, nothing else. Throws `StartRefused` when something is in the way; nothing that is intact is touched. */
export async function openEmbedded(settings: Settings, log: Log): Promise<Installation> {
  const folder = settings.ANNALS_DATA;
  makePrivate(folder);
  await using opened = new AsyncDisposableStack();
  const lock = takeOwnerLock(folder);
  if (!lock.ok) throw new StartRefused(lock.message);
  opened.defer(lock.release);
  const { kernel, secret } = await openParts(settings, opened, log);
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

/** The folder belongs to its owner alone. */
function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartRefused(`The data folder ${folder} cannot be made (${sentenceOf(error)}): name another one with --data.`);
  }
}

/** Opens one part after the other; whatever is opened is closed by the stack, in the other direction. */
async function openParts(settings: Settings, opened: AsyncDisposableStack, log: Log): Promise<{ kernel: Kernel; secret: Buffer }> {
  const folder = settings.ANNALS_DATA;
  const secrets = loadSecrets(settings);
  const erasures = openErasureList(settings);
  const openVault = (): Promise<KeyVault> => openSqliteKeyVault({ folder, masterKey: secrets.masterKey });
  // Both have a thread that takes its time to start; a vault that is not there yet waits for the log, which says whether it may be made.
  const early = vaultExists(folder) ? openVault() : undefined;
  const closed = early?.then(
    (vault) => () => vault.close(),
    () => undefined,
  );
  opened.defer(async () => (await closed)?.());
  const place = { folder, secret: secrets.installation };
  let store = await openLog(place);
  opened.defer(() => store.close());
  const bare = await (early ?? openVault());
  if (!early) opened.defer(() => bare.close());
  store = await renewedIfOlder(place, store, log);
  const { vault, applied } = await withErasures(store, bare, erasures);
  if (applied > 0) log(`applied ${applied} erasures again that the key vault had not seen`);
  opened.defer(keepMarking(store, vault, log));
  const liveLog = await openSqliteLiveLog({ folder, onDamage: (reason) => log(`the live log was begun anew: ${reason}`) });
  opened.defer(() => liveLog.close());
  const blobs = await openBlobFolder({ folder });
  opened.defer(() => blobs.close());
  const state = await openRebuildable({ folder, name: 'state.db', readOnly: false }, (reason, aside) =>
    log(`reactions start over, the damaged file is now ${aside}: ${reason}`),
  );
  opened.defer(() => state.close());
  const { documents, progress, close } = await openViews(place, log);
  opened.defer(close);
  const found = await discoverProviders(settings, settings.ANNALS_LOCAL_MODELS === 'off' ? { localServers: [] } : {});
  for (const warning of found.warnings) log(warning);
  const post = openPost(settings);
  opened.defer(() => post.close());
  const kernel = await createKernel({
    store,
    documents,
    state,
    gateway: await openGateway({ settings, store, state, secret: secrets.installation, opened, log }),
    vault,
    erasures: erasures.list,
    scrub: () => scrubDatabases(['views.db', 'live.db', 'state.db'].map((name) => join(folder, name))),
    blobs,
    liveLog,
    models: createModels(found),
    mcp: openMcp(settings, opened),
    builtIn: openBuiltIn(settings, opened),
    progress,
    secret: secrets.installation,
    heads: openHeads({ settings, secret: secrets.installation, leaves: leavesInFolder(folder), state, epoch: () => store.epoch(), log }),
    systemPrompt: settings.OPENAI_SYSTEM_PROMPT,
    privacy: privacyOf(settings),
    approvalMs: settings.ANNALS_APPROVAL_TIMEOUT,
    switchedOff: switchedOff(settings),
    privateAddresses: isForLocalPerson(settings),
    post,
    publicUrl: settings.ANNALS_PUBLIC_URL,
    firstAdministers: settings.ANNALS_ADMIN_EMAIL === undefined,
    log,
  });
  return { kernel, secret: secrets.installation };
}

/** So that a start has few events to look through: erasures are cheap to repeat. Answers how to stop, after a last time. */
function keepMarking(store: EventStore, vault: KeyVault, log: Log): () => Promise<void> {
  const note = (): Promise<unknown> =>
    applyErasures(store, vault).catch((error: unknown) => log(`the key vault could not note how far it has come: ${sentenceOf(error)}`));
  const timer = setInterval(note, MARK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await note();
  };
}

function loadSecrets({ ANNALS_DATA: folder, RINI_API_MASTER_KEY: fromSetting }: Settings): { masterKey: Buffer; installation: Buffer } {
  requireWhole(folder, { masterKeySet: (fromSetting ?? '').trim() !== '' });
  if (existsSync(join(folder, 'master.key.next')))
    throw new StartRefused('The change to another master key is not finished: repeat `annals keys rewrap`, then start.');
  const masterKey = loadMasterKey({ folder, fromSetting });
  if (!masterKey.ok) throw new StartRefused(masterKey.message);
  const installation = loadSecret(join(folder, 'installation.secret'));
  if (!installation.ok) throw new StartRefused(installation.message);
  return { masterKey: masterKey.key, installation: installation.key };
}
