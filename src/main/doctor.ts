import { isDistributed, type Settings } from '../settings.ts';
import { channelsOf } from '../workers/gateway/topics.ts';
import { checkFolder } from './check-folder.ts';
import { checkProviders } from './check-providers.ts';
import { checkSettings } from './check-settings.ts';
import type { Finding } from './finding.ts';
import { kafkaOf } from './gateway.ts';
import { hasLogin, loginProviders } from './login-providers.ts';
import { sentenceOf } from './refused.ts';

type Check = () => readonly Finding[] | Promise<readonly Finding[]>;

/** Looks at everything that Annals needs, one sentence on each thing; exits 1 when something is wrong. Changes nothing that a server would notice. */
export async function doctor(settings: Settings): Promise<void> {
  let problems = 0;
  for (const [what, check] of checksFor(settings)) {
    for (const { level, message } of await examined(check)) {
      process.stdout.write(`${what.padEnd(12)} ${level.padEnd(8)} ${message}\n`);
      if (level === 'problem') problems++;
    }
  }
  process.stdout.write(`doctor: ${problems === 0 ? 'nothing is wrong' : problems === 1 ? 'one problem' : `${problems} problems`}\n`);
  if (problems > 0) process.exitCode = 1;
}

function* checksFor(settings: Settings): Generator<readonly [string, Check]> {
  const { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl } = settings;
  yield ['settings', () => checkSettings(settings)];
  if (!isDistributed(settings)) yield ['data folder', () => checkFolder(settings)];
  if (eventStoreUrl !== undefined)
    yield ['event store', async () => (await import('../adapters/event-store/eventstoredb/check.ts')).checkEventStore(eventStoreUrl)];
  if (mongoUrl !== undefined) {
    yield ['database', async () => (await import('../adapters/mongo/check.ts')).checkMongo(mongoUrl)];
    yield ['keys', async () => (await import('./check-keys.ts')).checkKeys(settings, mongoUrl)];
  }
  const kafka = kafkaOf(settings);
  const topics = channelsOf(settings.KAFKA_TOPIC_PREFIX);
  if (kafka !== undefined) yield ['kafka', async () => (await import('../adapters/broker/kafka-check.ts')).checkKafka({ ...kafka, topics })];
  const { ANNALS_SMTP_URL: mailServer } = settings;
  if (mailServer !== undefined) yield ['mails', async () => (await import('./check-mails.ts')).checkMails(mailServer)];
  if (hasLogin(settings)) yield ['logins', async () => (await import('./check-logins.ts')).checkLogins(loginProviders(settings))];
  yield ['models', () => checkProviders(settings)];
}

/** A check that fails is a finding of its own. */
async function examined(check: Check): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ level: 'problem', message: `This could not be looked at: ${sentenceOf(error)}` }];
  }
}
