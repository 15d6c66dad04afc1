import { createSecretKey } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { blobsInFolder } from '../../adapters/blobs/contents.ts';
import { openBlobFolder } from '../../adapters/blobs/folder.ts';
import { openSqliteDocumentStore } from '../../adapters/document-store/sqlite.ts';
import { takeOwnerLock } from '../../adapters/event-store/owner-lock.ts';
import { openSqliteEventStore } from '../../adapters/event-store/sqlite.ts';
import { verifyEvents } from '../../adapters/event-store/verify.ts';
import { loadMasterKey, loadSecret } from '../../adapters/key-vault/master-key.ts';
import { placeSecret } from '../../adapters/key-vault/place-secret.ts';
import { rewrapped } from '../../adapters/key-vault/vault-content.ts';
import { readSqliteVault, writeSqliteVault } from '../../adapters/key-vault/vault-content-sqlite.ts';
import { wholeLog } from '../../workers/shard.ts';
import { StartRefused } from '../refused.ts';
import type { Source, Target } from './sides.ts';

/** One transaction of the log holds as many appends at least. */
const WINDOW = 256;
const DRAFT = '.migrating';
const shards = [wholeLog] as const;

/** A data folder that no server runs on. Nothing in it is changed, and nothing is made but `lock.db`. */
export async function openFolderSource(folder: string, fromSetting: string | undefined): Promise<Source> {
  for (const [what, file] of [
    ['log', 'events.db'],
    ['key vault', 'keys.db'],
  ] as const) {
    if (!existsSync(join(folder, file)))
      throw new StartRefused(`There is no ${what} in ${folder}: name the data folder of an installation after "sqlite:".`);
  }
  await using opened = new AsyncDisposableStack();
  lockInto(opened, folder);
  const vault = readSqliteVault(folder, masterKeysOf(folder, fromSetting), true);
  const store = await openSqliteEventStore({ folder, readOnly: true });
  opened.defer(() => store.close());
  const state = await openSqliteDocumentStore({ folder, name: 'state.db', readOnly: true });
  opened.defer(() => state.close());
  const views = await openSqliteDocumentStore({ folder, readOnly: true });
  opened.defer(() => views.close());
  const secretFile = join(folder, 'installation.secret');
  const secret = existsSync(secretFile) ? required(loadSecret(secretFile)) : undefined;
  const parts = opened.move();
  return {
    name: folder,
    store,
    state,
    views,
    shards,
    vault,
    secret,
    contents: () => blobsInFolder(folder),
    damage: async (onProgress) => {
      const { problems } = await verifyEvents(folder, { onProgress });
      return problems.map(({ stream, revision, what }) => (stream ? `event ${revision} of ${stream}: ${what}` : what));
    },
    close: () => parts.disposeAsync(),
  };
}

/**
 * A data folder that is there when everything is in it: until then all lies in one beside it, so that no server can start on half a log. One that is there
 * already is gone on with.
 */
export async function openFolderTarget(target: string, masterKey: Buffer): Promise<Target> {
  const isThere = existsSync(join(target, 'events.db'));
  if (!isThere && existsSync(target) && readdirSync(target).length > 0)
    throw new StartRefused(`${target} is not empty, and no data folder: name another one. Nothing was changed.`);
  const folder = isThere ? target : `${resolve(target)}${DRAFT}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await using opened = new AsyncDisposableStack();
  lockInto(opened, folder);
  const store = await openSqliteEventStore({ folder });
  opened.defer(() => store.close());
  const blobs = await openBlobFolder({ folder });
  opened.defer(() => blobs.close());
  const state = await openSqliteDocumentStore({ folder, name: 'state.db' });
  opened.defer(() => state.close());
  const views = await openSqliteDocumentStore({ folder });
  opened.defer(() => views.close());
  const parts = opened.move();
  const master = createSecretKey(masterKey);
  const close = (): Promise<void> => parts.disposeAsync();
  return {
    name: target,
    store,
    state,
    views,
    shards,
    window: WINDOW,
    blobs,
    contents: () => blobsInFolder(folder),
    putSecret: async (secret) => placeSecret(join(folder, 'installation.secret'), secret),
    begin: async () => {
      if (!placeSecret(join(folder, 'master.key'), masterKey))
        throw new StartRefused(`${join(folder, 'master.key')} is another master key: name another folder. Nothing was changed.`);
    },
    writeVault: async (content) => writeSqliteVault(folder, rewrapped(content, master), master),
    readVault: async () => readSqliteVault(folder, [masterKey], false),
    finish: async () => {
      await close();
      if (isThere) return;
      // Whoever held it is gone, and its name would go along.
      for (const file of ['lock.db', 'lock.db-journal']) rmSync(join(folder, file), { force: true });
      renameSync(folder, target);
    },
    close,
  };
}

function lockInto(opened: AsyncDisposableStack, folder: string): void {
  const lock = takeOwnerLock(folder);
  if (!lock.ok) throw new StartRefused(lock.message);
  opened.defer(lock.release);
}

/** The one that is set may already be the target's. */
function masterKeysOf(folder: string, fromSetting: string | undefined): readonly Buffer[] {
  const isSet = (fromSetting ?? '').trim() !== '';
  const file = join(folder, 'master.key');
  const found = [...(isSet ? [loadMasterKey({ folder, fromSetting })] : []), ...(existsSync(file) ? [loadSecret(file)] : [])].map(required);
  if (found.length > 0) return found;
  throw new StartRefused(`The master key ${file} is missing, and without it no text can be read: put it back, or set RINI_API_MASTER_KEY.`);
}

function required(loaded: ReturnType<typeof loadSecret>): Buffer {
  if (loaded.ok) return loaded.key;
  throw new StartRefused(loaded.message);
}
