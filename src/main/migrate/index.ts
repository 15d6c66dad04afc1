import { randomBytes } from 'node:crypto';
import { loadMasterKey } from '../../adapters/key-vault/master-key.ts';
import type { Settings } from '../../settings.ts';
import { StartRefused } from '../refused.ts';
import { type Address, parseAddress } from './address.ts';
import { type EnvValues, requireFitting, writeEnvFile } from './env-file.ts';
import { openFolderSource, openFolderTarget } from './folder.ts';
import { move } from './move.ts';
import { openServersSource, openServersTarget } from './servers.ts';
import type { Source, Target } from './sides.ts';
import { say } from './steps.ts';

export interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  /** Default: MONGODB_URL. */
  readonly mongodb?: string;
  /** Where the settings of the processes go. Default: `./annals.env`, or nowhere when all of them are set as they have to be. */
  readonly env?: string;
}

/**
 * Moves an installation from a data folder to servers, or back, and proves that all of it has arrived; the source stays as it is. Repeated after whatever
 * ended it, it goes on where it was. Exits 1 on any difference; throws `StartRefused`, with one sentence, when something is in the way.
 */
export async function migrate(settings: Settings, { from, to, mongodb, env }: MigrateOptions): Promise<void> {
  process.umask(0o077);
  const [origin, destination] = [parseAddress('--from', from), parseAddress('--to', to)];
  const mongoUrl = mongodb ?? settings.MONGODB_URL;
  if (mongoUrl === undefined) throw new StartRefused('What is not an event lies in MongoDB: name it too, with --mongodb or MONGODB_URL.');
  if (!/^mongodb(\+srv)?:\/\//.test(mongoUrl)) throw new StartRefused('--mongodb must begin with mongodb:// or mongodb+srv://.');
  if ('folder' in origin && 'eventStoreUrl' in destination) return toServers(settings, origin.folder, { ...destination, mongoUrl }, env);
  if ('eventStoreUrl' in origin && 'folder' in destination) return toFolder(settings, { ...origin, mongoUrl }, destination.folder);
  throw new StartRefused(`A move leads from a data folder to servers, or back: ${kindOf(origin)} is no other shape than ${kindOf(destination)}.`);
}

const kindOf = (address: Address): string => ('folder' in address ? 'a data folder' : 'an event store');

interface ServerUrls {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
}

async function toServers(settings: Settings, folder: string, servers: ServerUrls, env: string | undefined): Promise<void> {
  await using source = closing(await openFolderSource(folder, settings.RINI_API_MASTER_KEY));
  const masterKey = masterKeySet(settings) ?? source.vault.master.export();
  const jwtSecret = settings.ANNALS_JWT_SECRET;
  const values: EnvValues = {
    EVENTSTORE_URL: servers.eventStoreUrl,
    MONGODB_URL: servers.mongoUrl,
    RINI_API_MASTER_KEY: masterKey.toString('base64'),
    ...(jwtSecret === undefined ? {} : { ANNALS_JWT_SECRET: jwtSecret }),
  };
  const file = env ?? (areSet(settings, servers) ? undefined : './annals.env');
  if (file !== undefined) requireFitting(file, values);
  await using target = closing(await openServersTarget(servers, masterKey));
  if (!(await move(source, target))) return;
  if (file !== undefined) {
    writeEnvFile(file, values, { ANNALS_JWT_SECRET: randomBytes(32).toString('hex') });
    say(
      `${file} holds the settings that every process needs, secrets among them: put its lines into the .env or the environment of each, then start.`,
    );
  }
  if (jwtSecret === undefined) say('Tokens handed out so far were signed with a secret of the folder: they are void, people get new ones.');
  sayOfPositions(folder);
}

/** Whoever starts processes with these settings needs no others. */
const areSet = ({ EVENTSTORE_URL, MONGODB_URL, RINI_API_MASTER_KEY, ANNALS_JWT_SECRET }: Settings, servers: ServerUrls): boolean =>
  EVENTSTORE_URL === servers.eventStoreUrl &&
  MONGODB_URL === servers.mongoUrl &&
  (RINI_API_MASTER_KEY ?? '').trim() !== '' &&
  ANNALS_JWT_SECRET !== undefined;

async function toFolder(settings: Settings, servers: ServerUrls, folder: string): Promise<void> {
  const masterKey = masterKeySet(settings);
  if (!masterKey) throw new StartRefused('The keys on the servers are wrapped: set RINI_API_MASTER_KEY as it is for the processes that use them.');
  await using source = closing(await openServersSource(servers, masterKey));
  await using target = closing(await openFolderTarget(folder, masterKey));
  if (!(await move(source, target))) return;
  say(`Start with --data ${folder}, without EVENTSTORE_URL and MONGODB_URL; ${folder}/master.key is what RINI_API_MASTER_KEY was.`);
  say('Keep ANNALS_JWT_SECRET as it is set: without it all tokens are void.');
  sayOfPositions(source.name);
}

function sayOfPositions(source: string): void {
  say('Positions that clients hold (If-Min-Position, Last-Event-ID) belong to the former log and answer 410: clients start over.');
  say(`${source} is as it was: do not start it again, or the two go separate ways.`);
}

function masterKeySet({ ANNALS_DATA: folder, RINI_API_MASTER_KEY: fromSetting }: Settings): Buffer | undefined {
  if (fromSetting === undefined || fromSetting.trim() === '') return undefined;
  const loaded = loadMasterKey({ folder, fromSetting });
  if (!loaded.ok) throw new StartRefused(loaded.message);
  return loaded.key;
}

const closing = <One extends Source | Target>(one: One): One & AsyncDisposable => ({ ...one, [Symbol.asyncDispose]: () => one.close() });
