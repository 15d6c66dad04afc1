import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takeOwnerLock } from '../adapters/event-store/owner-lock.ts';
import { loadMasterKey, loadSecret } from '../adapters/key-vault/master-key.ts';
import { placeSecret } from '../adapters/key-vault/place-secret.ts';
import type { Rewrapped } from '../adapters/key-vault/rewrap.ts';
import { rewrapSqliteVault } from '../adapters/key-vault/rewrap-sqlite.ts';
import { vaultExists } from '../adapters/key-vault/sqlite.ts';
import type { Settings } from '../settings.ts';
import { livingProcesses } from './migrate/living.ts';
import { StartRefused } from './refused.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

type LoadedKey = ReturnType<typeof loadSecret>;

/**
 * Wraps all data keys by a new master key: that of ANNALS_NEW_MASTER_KEY, or for a folder with a key file one that is made. The log stays as it is, and
 * nobody may use the keys meanwhile. Repeated after whatever ended it, it goes on where it was. Throws `StartRefused` when something is in the way.
 */
export async function rewrap(settings: Settings): Promise<void> {
  process.umask(0o077);
  if (settings.MONGODB_URL === undefined) rewrapFolder(settings);
  else await rewrapServers(settings, settings.MONGODB_URL);
}

function rewrapFolder({ ANNALS_DATA: folder, RINI_API_MASTER_KEY: fromSetting, ANNALS_NEW_MASTER_KEY: newSetting }: Settings): void {
  if (!vaultExists(folder)) throw new StartRefused(`There is no key vault in ${folder}: nothing to do.`);
  const lock = takeOwnerLock(folder);
  if (!lock.ok) throw new StartRefused(lock.message);
  try {
    if (isSet(fromSetting)) {
      const to = newKey(newSetting);
      const from = required(loadMasterKey({ folder, fromSetting }));
      done(rewrapSqliteVault({ folder, from: [from], to }));
      sayOfSetting();
    } else rewrapWithFile(folder, newSetting);
  } finally {
    lock.release();
  }
}

/** The new key is in a file before anything is wrapped by it, and takes the former one's place when everything is. */
function rewrapWithFile(folder: string, newSetting: string | undefined): void {
  const [file, draft] = [join(folder, 'master.key'), join(folder, 'master.key.next')];
  if (!existsSync(file)) throw new StartRefused(`The master key ${file} is missing, and without it nothing can be wrapped anew: put it back.`);
  const current = required(loadSecret(file));
  const begun = existsSync(draft) ? required(loadSecret(draft)) : undefined;
  const wanted = isSet(newSetting) ? newKey(newSetting) : undefined;
  if (begun && wanted && !begun.equals(wanted)) {
    finish(folder, begun, current);
    rewrapWithFile(folder, newSetting);
    return;
  }
  const to = begun ?? wanted ?? randomBytes(32);
  if (!placeSecret(draft, to)) throw new StartRefused(`${draft} holds another key: move it away, if you know what it is.`);
  done(finish(folder, to, current));
  say(`The new key is ${file}. Copies of the former one open the backups of keys.db that were made before, and nothing else.`);
}

function finish(folder: string, to: Buffer, from: Buffer): Rewrapped {
  const rewrapped = rewrapSqliteVault({ folder, from: [from], to });
  renameSync(join(folder, 'master.key.next'), join(folder, 'master.key'));
  rmSync(join(folder, 'master.key.next.new'), { force: true });
  return rewrapped;
}

async function rewrapServers(settings: Settings, mongoUrl: string): Promise<void> {
  const { ANNALS_DATA: folder, RINI_API_MASTER_KEY: fromSetting, ANNALS_NEW_MASTER_KEY: newSetting } = settings;
  if (!isSet(fromSetting)) throw new StartRefused('The keys on the servers are wrapped: set RINI_API_MASTER_KEY as it is for the processes.');
  const from = required(loadMasterKey({ folder, fromSetting }));
  const to = newKey(newSetting);
  const [{ openMongo }, { createMongoLeases }, { rewrapMongoVault }] = await Promise.all([
    import('../adapters/mongo/connection.ts'),
    import('../adapters/leases/mongodb.ts'),
    import('../adapters/key-vault/rewrap-mongodb.ts'),
  ]);
  const connection = await openMongo(mongoUrl);
  try {
    const living = await livingProcesses(createMongoLeases(connection), () => say('Looks whether processes still live there …'));
    if (living.length > 0) throw new StartRefused(`Stop all processes first: ${living.join(', ')} still gives signs of life. Nothing was changed.`);
    const rewrapped = await rewrapMongoVault({ connection, from, to });
    if (!rewrapped) throw new StartRefused('There is no key vault in this database: nothing to do.');
    done(rewrapped);
    sayOfSetting();
  } finally {
    await connection.close();
  }
}

const isSet = (setting: string | undefined): setting is string => (setting ?? '').trim() !== '';

function newKey(setting: string | undefined): Buffer {
  if (!isSet(setting))
    throw new StartRefused('The new master key is missing: set ANNALS_NEW_MASTER_KEY (`openssl rand -base64 32`), and keep a copy of it apart.');
  const loaded = loadMasterKey({ folder: '.', fromSetting: setting });
  if (loaded.ok) return loaded.key;
  throw new StartRefused('ANNALS_NEW_MASTER_KEY is not the base64 of exactly 32 bytes: make one with `openssl rand -base64 32`.');
}

function required(loaded: LoadedKey): Buffer {
  if (loaded.ok) return loaded.key;
  throw new StartRefused(loaded.message);
}

function done({ keys, unreadable }: Rewrapped): void {
  say(`${keys} ${keys === 1 ? 'key is' : 'keys are'} wrapped by the new master key.`);
  if (unreadable > 0) say(`${unreadable} opened with neither key and stay as they were: what they sealed cannot be read, then as now.`);
}

function sayOfSetting(): void {
  say('Set RINI_API_MASTER_KEY to the new key now, and take ANNALS_NEW_MASTER_KEY away, before you start.');
  say('Keep the former key as long as you keep backups of the keys that were made before.');
}
