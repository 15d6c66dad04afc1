import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkKafka } from '../../src/adapters/broker/kafka-check.ts';
import { checkMongo } from '../../src/adapters/mongo/check.ts';
import { startEventStoreDouble, startEventStoreDoubleWith } from '../servers/eventstoredb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { newTestDatabase } from './mongo-database.ts';
import { describeWith, kafkaBrokers, mongodbUrl } from './servers.ts';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const masterKey = Buffer.alloc(32, 7).toString('base64');
const secrets = { RINI_API_MASTER_KEY: masterKey, ANNALS_JWT_SECRET: 'x'.repeat(32), ANNALS_LOCAL_MODELS: 'off' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'annals-doctor-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Examined {
  readonly exitCode: number | null;
  readonly said: string;
  readonly problems: readonly string[];
}

/** Calls the doctor as a person would. */
async function examine(environment: Readonly<Record<string, string>>): Promise<Examined> {
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'doctor'], {
    env: { PATH: process.env.PATH, ANNALS_DATA: join(folder, 'data'), ...environment },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, said, problems: said.split('\n').filter((line) => /^.{12} problem /.test(line)) };
}

/** A port at which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 1;
}

describe('without servers', () => {
  test('a folder that does not exist yet is nothing wrong, and is not made', async () => {
    const { exitCode, said, problems } = await examine({ ANNALS_LOCAL_MODELS: 'off', ANNALS_DATA: join(folder, 'none') });
    expect({ exitCode, problems }).toEqual({ exitCode: 0, problems: [] });
    expect(said).toContain('will be made by the first start');
    expect((await examine({ ANNALS_LOCAL_MODELS: 'off', ANNALS_DATA: join(folder, 'none') })).said).toContain('will be made by the first start');
  });

  test('every setting that is missing or wrong is named', async () => {
    const { exitCode, problems } = await examine({
      EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
      RINI_API_MASTER_KEY: 'short',
      ANNALS_LOCAL_MODELS: 'off',
    });
    expect(exitCode).toBe(1);
    for (const name of ['MONGODB_URL is not', 'ANNALS_JWT_SECRET', 'master key']) expect(problems.join('\n')).toContain(name);
  });

  test('a secret that others may read, and a log that is gone, are found', async () => {
    const data = mkdtempSync(join(folder, 'damaged-'));
    writeFileSync(join(data, 'master.key'), `${masterKey}\n`);
    chmodSync(join(data, 'master.key'), 0o644);
    writeFileSync(join(data, 'keys.db'), '');
    const { exitCode, problems } = await examine({ ANNALS_DATA: data, ANNALS_LOCAL_MODELS: 'off' });
    expect(exitCode).toBe(1);
    expect(problems.join('\n')).toMatch(/events[.]db is missing[\s\S]*chmod 600/);
  });

  test('a provider that does not answer is found', async () => {
    const { exitCode, problems } = await examine({ OPENAI_BASE_URL: `http://127.0.0.1:${await deadPort()}/v1`, ANNALS_LOCAL_MODELS: 'off' });
    expect(exitCode).toBe(1);
    expect(problems.join('\n')).toContain('openai');
  });

  test('servers that are away are named, each with what to do', async () => {
    const port = await deadPort();
    const { exitCode, problems } = await examine({
      ...secrets,
      EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false`,
      MONGODB_URL: `mongodb://127.0.0.1:${port}/annals`,
      KAFKA_BROKERS: `127.0.0.1:${port}`,
    });
    expect(exitCode).toBe(1);
    expect(problems.map((line) => line.slice(0, 12).trim())).toEqual(['event store', 'database', 'kafka']);
  });
});

describeWith(['MONGODB_URL'], 'with servers', () => {
  const database = newTestDatabase();
  let eventStore: TestServer;
  let url: string;
  beforeAll(async () => {
    const started = await startEventStoreDouble();
    if ('unavailable' in started) throw new Error(started.unavailable);
    eventStore = started;
    const { db } = await database.connect();
    url = Object.assign(new URL(mongodbUrl()), { pathname: `/${db.databaseName}` }).href;
  });
  afterAll(async () => {
    await eventStore?.close();
    await database.remove();
  });

  test('an installation that can start has nothing wrong', async () => {
    const { exitCode, said, problems } = await examine({ ...secrets, EVENTSTORE_URL: eventStore.url, MONGODB_URL: url });
    expect({ exitCode, problems }, said).toEqual({ exitCode: 0, problems: [] });
    expect(said).toContain('Events can be appended.');
    expect(said).toContain('There are no keys in the database yet');
  });

  test('nothing is left behind in the database', async () => {
    const { db } = await database.connect();
    expect((await checkMongo(url)).filter(({ level }) => level === 'problem')).toEqual([]);
    expect((await db.listCollections().toArray()).map(({ name }) => name).filter((name) => name.startsWith('doctor'))).toEqual([]);
  });

  test('another master key than that of the vault is found', async () => {
    const { installationSecret } = await import('../../src/adapters/key-vault/installation-secret-mongodb.ts');
    const used = newTestDatabase();
    const connection = await used.connect();
    await installationSecret({ connection, masterKey: Buffer.alloc(32, 7) });
    const place = Object.assign(new URL(mongodbUrl()), { pathname: `/${connection.db.databaseName}` }).href;
    const servers = { EVENTSTORE_URL: eventStore.url, MONGODB_URL: place };
    expect((await examine({ ...secrets, ...servers })).said).toContain('The master key is the one');
    const { exitCode, problems } = await examine({ ...secrets, ...servers, RINI_API_MASTER_KEY: Buffer.alloc(32, 8).toString('base64') });
    expect(exitCode).toBe(1);
    expect(problems.join('\n')).toContain('another master key');
    await used.remove();
  });

  test('a right that is missing on the event store is named', async () => {
    const forbidding = await startEventStoreDoubleWith(['--anonymous', 'user']);
    try {
      const { exitCode, problems } = await examine({ ...secrets, EVENTSTORE_URL: forbidding.url, MONGODB_URL: url });
      expect(exitCode).toBe(1);
      expect(problems.join('\n')).toContain('$all');
    } finally {
      await forbidding.close();
    }
  });
});

describeWith(['KAFKA_BROKERS'], 'with a broker', () => {
  const config = { 'cleanup.policy': 'delete' } as const;

  test('topics that are not there yet are no problem where they may be made, and are not made', async () => {
    const topics = [{ topic: 'doctor.absent', partitions: 6, config }];
    const look = () => checkKafka({ brokers: kafkaBrokers(), topics });
    expect((await look()).map(({ level }) => level)).toEqual(['warning', 'fine']);
    expect((await look()).at(-1)?.message).toContain('1 of 1 topics are not there yet');
  });

  test('a topic that could not be made is a problem', async () => {
    const topics = [{ topic: 'doctor.wrong', partitions: 6, config: { 'cleanup.policy': 'nonsense' } }];
    expect((await checkKafka({ brokers: kafkaBrokers(), topics })).at(-1)).toMatchObject({
      level: 'problem',
      message: expect.stringMatching(/doctor[.]wrong .*configuration/i),
    });
  });

  test('a topic with another number of partitions is a problem', async () => {
    const { createKafkaBroker } = await import('../../src/adapters/broker/kafka.ts');
    const broker = createKafkaBroker({ brokers: kafkaBrokers(), log: () => undefined });
    await broker.ensureTopics([{ topic: 'doctor.narrow', partitions: 2, config }], { signal: AbortSignal.timeout(20_000) });
    await broker.close();
    const answer = async (partitions: number) =>
      await checkKafka({ brokers: kafkaBrokers(), topics: [{ topic: 'doctor.narrow', partitions, config }] });
    expect((await answer(6)).filter(({ level }) => level === 'problem').map(({ message }) => message)).toEqual([
      expect.stringContaining('2 partitions'),
    ]);
    expect((await answer(2)).filter(({ level }) => level === 'problem')).toEqual([]);
  });
});
