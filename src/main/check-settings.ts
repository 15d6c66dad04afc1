import { loadMasterKey } from '../adapters/key-vault/master-key.ts';
import { isDistributed, type Settings } from '../settings.ts';
import { checkPeople } from './check-people.ts';
import { type Finding, fine, problem, warning } from './finding.ts';
import { isForLocalPerson } from './installation.ts';
import { hasLogin } from './login-providers.ts';
import { StartRefused } from './refused.ts';
import { openTls } from './tls.ts';

/** What can be said of the settings by themselves. */
export function checkSettings(settings: Settings): readonly Finding[] {
  const findings = [
    ...masterKey(settings),
    ...(isDistributed(settings) ? ofServers(settings) : ofFolder(settings)),
    ...ofKafka(settings),
    ...ofTls(settings),
    ...ofCatalogue(settings),
    ...stopping(settings),
    ...checkPeople(settings),
  ];
  return findings.length > 0 ? findings : [fine('The settings can be used.')];
}

function* masterKey({ ANNALS_DATA: folder, RINI_API_MASTER_KEY: set }: Settings): Generator<Finding> {
  if (set === undefined || set.trim() === '') return;
  const key = loadMasterKey({ folder, fromSetting: set });
  if (!key.ok) yield problem(key.message);
}

function* ofServers(settings: Settings): Generator<Finding> {
  const { EVENTSTORE_URL, MONGODB_URL, ANNALS_JWT_SECRET, RINI_API_MASTER_KEY } = settings;
  if (EVENTSTORE_URL === undefined)
    yield problem('MONGODB_URL is set, but EVENTSTORE_URL is not: set both, or neither to keep all in the data folder.');
  if (MONGODB_URL === undefined) yield problem('EVENTSTORE_URL is set, but MONGODB_URL is not: set both, or neither to keep all in the data folder.');
  if (ANNALS_JWT_SECRET === undefined)
    yield problem('ANNALS_JWT_SECRET is not set: make one with `openssl rand -hex 32`, the same for all processes.');
  if (RINI_API_MASTER_KEY === undefined)
    yield problem('RINI_API_MASTER_KEY is not set: make one with `openssl rand -base64 32`, the same for all processes, and keep a copy apart.');
}

function* ofFolder(settings: Settings): Generator<Finding> {
  if (settings.ANNALS_ROLE !== 'all')
    yield problem(
      `ANNALS_ROLE is ${settings.ANNALS_ROLE}, but one process alone can use a data folder: set EVENTSTORE_URL and MONGODB_URL, or leave it out.`,
    );
  const isKnown = hasLogin(settings) || settings.ANNALS_PASSWORD_LOGIN === 'on' || settings.ANNALS_TRUSTED_PROXIES.length > 0;
  if (!isForLocalPerson(settings) && settings.ANNALS_JWT_SECRET === undefined && !isKnown)
    yield problem(
      'Others can reach this server, so there must be a way to tell who comes: set ANNALS_JWT_SECRET (`openssl rand -hex 32`), ANNALS_PASSWORD_LOGIN=on, or a provider where they log in.',
    );
}

function* ofKafka({ KAFKA_BROKERS, KAFKA_SASL, KAFKA_USERNAME, KAFKA_PASSWORD, KAFKA_SSL }: Settings): Generator<Finding> {
  if (KAFKA_BROKERS.length === 0) return;
  const login = [KAFKA_SASL, KAFKA_USERNAME, KAFKA_PASSWORD].filter((part) => part !== undefined).length;
  if (login !== 0 && login !== 3) yield problem('KAFKA_SASL, KAFKA_USERNAME and KAFKA_PASSWORD belong together: set all three, or none.');
  if (login === 3 && KAFKA_SSL === 'off') yield warning('KAFKA_SSL is off, so the password for Kafka travels in the clear: set it to on.');
}

function* ofCatalogue({ ANNALS_MCP_CATALOGUE: place, ANNALS_MCP_CATALOGUE_KEY: key }: Settings): Generator<Finding> {
  if (place !== undefined && key === undefined)
    yield warning('ANNALS_MCP_CATALOGUE is set, but ANNALS_MCP_CATALOGUE_KEY is not, so nothing of it is used: set it to the key that signs it.');
}

function* ofTls(settings: Settings): Generator<Finding> {
  const warnings: string[] = [];
  try {
    openTls(settings, (message) => void warnings.push(message));
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    yield problem(error.message);
  }
  for (const message of warnings) yield warning(`${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`);
}

function* stopping({ ANNALS_DRAIN: drain }: Settings): Generator<Finding> {
  if (drain === 0) yield warning('ANNALS_DRAIN is 0, so each stop interrupts the answers that are being written: give it some seconds (in ms).');
}
