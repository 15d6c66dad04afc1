import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EventStoreDBClient } from '@eventstore/db-client';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkEventStore } from '../../src/adapters/event-store/eventstoredb/check.ts';
import { inOrder } from '../../src/adapters/event-store/eventstoredb/stored.ts';
import { openEventStoreDb, renewEventStoreDbEpoch } from '../../src/adapters/event-store/eventstoredb.ts';
import { leafOf } from '../../src/adapters/event-store/leaf.ts';
import { createMemoryEventStore } from '../../src/adapters/event-store/memory.ts';
import { type EventStore, START } from '../../src/adapters/event-store/port.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { collect, eventToAppend, newStream } from '../contract/event-store-samples.ts';
import { until } from '../harness/until.ts';
import { serverFeaturesService } from '../servers/eventstoredb/node-info.ts';
import { startAlteredDouble } from './altered-double.ts';
import { collectTail, impatient, openStore, startDouble } from './eventstoredb-stage.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const problemsOf = async (url: string) =>
  (await checkEventStore(url, { timeoutMs: 2000 })).filter(({ level }) => level !== 'fine').map(({ message }) => message);

describe('the epoch', () => {
  test('is one for all who open the log at once, and in no tail', async () => {
    const { url } = await startDouble();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(url)));
    expect(new Set(await Promise.all(stores.map((store) => store.epoch()))).size).toBe(1);
    expect(await stores[0]?.head()).toBe(START);
  });

  test('is another after it was renewed, and a tail of the old one says so instead of going on', async () => {
    const server = await startDouble();
    const store = await openStore(server.url);
    const before = await store.epoch();
    const running = (async () => {
      for await (const batch of store.tail(START, { signal: new AbortController().signal }))
        if (batch.caughtUp) await renewEventStoreDbEpoch({ url: server.url });
    })();
    const ended = expect(running).rejects.toThrow('epoch');
    await until(async () => (await store.epoch()) !== before);
    await server.restart();
    await ended;
  });
});

describe('what is stored', () => {
  test('is RFC 8785 text, whatever the names of its members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.nat(20).map(String), fc.string()), fc.jsonValue()), (value) => {
        const text = canonicalize(JSON.parse(JSON.stringify(value))) ?? '';
        expect(JSON.stringify(inOrder(text))).toBe(text);
      }),
    );
  });

  test('has the leaves that the embedded log would have', async () => {
    const { url } = await startDouble();
    const stream = newStream();
    const datas: readonly JsonObject[] = [{ 10: 'ten', 9: [-0, 1e21, 'ü\u2028'], a: { 2: 1, 1: {} } }, {}];
    const events = datas.map((data) => ({ ...eventToAppend(data), version: 7 }));
    const leavesIn = async (store: EventStore) => {
      await store.append(stream, events, 'noStream');
      return (await collect(store.read(stream))).map(({ data, metadata, revision, ...rest }) =>
        leafOf({ ...rest, revision: Number(revision), data: canonicalize(data) ?? '', metadata: canonicalize(metadata) ?? '' }).toString('hex'),
      );
    };
    expect(await leavesIn(await openStore(url))).toEqual(await leavesIn(createMemoryEventStore()));
  });

  test('lies in the server as the bytes of its leaf, with the schema version among the metadata', async () => {
    const { url } = await startDouble();
    const store = await openStore(url);
    const client = EventStoreDBClient.connectionString(url);
    onTestFinished(() => client.dispose());
    const stream = newStream();
    const event = { ...eventToAppend({ b: 1, a: 2 }), version: 3 };
    await store.append(stream, [event], 'noStream');
    for await (const { event: stored } of client.readStream(stream)) {
      expect(stored).toMatchObject({ isJson: true, data: event.data, metadata: { ...event.metadata, schemaVersion: 3 } });
    }
  });
});

describe('the way to the server', () => {
  test('may be a discovery', async () => {
    const { url } = await startDouble();
    const store = await openStore(url.replace('esdb://', 'esdb+discover://'));
    expect(await store.append(newStream(), [eventToAppend()], 'noStream')).toMatchObject({ ok: true });
  });

  test('is safe with TLS, user and password, and each of them wrong has its sentence', async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), 'eventstore-tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    try {
      await run('openssl', [...made, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate]);
    } catch {
      return skip('there is no openssl to make a certificate with');
    }
    const args = ['--anonymous', 'refused', '--admin', 'root:s3cret/?', '--user', 'writer:plain', '--certificate', certificate, '--key', key];
    const port = /:(\d+)\?/.exec((await startDouble(args)).url)?.[1];
    const to = (login: string, ca = `tlsCAFile=${encodeURIComponent(certificate)}`) => `esdb://${login}localhost:${port}?tls=true&${ca}`;
    const store = await openStore(to('root:s3cret%2F%3F@'));
    expect(await store.append(newStream(), [eventToAppend()], 'noStream')).toMatchObject({ ok: true });
    expect(await problemsOf(to('root:s3cret%2F%3F@'))).toEqual([]);
    expect(await problemsOf(to('writer:plain@'))).toEqual([
      expect.stringMatching(/does not let writer read \$all.*\$admins.*\$acl.*\$r.*writer/),
      expect.stringMatching(/does not let writer subscribe to \$all/),
    ]);
    expect((await problemsOf(to('root:wrong@')))[0]).toMatch(/does not let root append events: correct the password/);
    expect((await problemsOf(to('')))[0]).toMatch(/nobody append events without a login/);
    expect((await problemsOf(to('root:s3cret%2F%3F@', 'nodePreference=leader')))[0]).toMatch(/certificate.*tlsCAFile/);
    expect((await problemsOf(`esdb://127.0.0.1:${port}?tls=false`))[0]).toMatch(/tls/);
    await expect(openEventStoreDb({ url: to('root:wrong@'), ...impatient })).rejects.toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringMatching(/doctor/),
    });
  });

  test('costs nobody anything who does not take it', async () => {
    const script = `await import('./src/adapters/event-store/eventstoredb.ts'); await import('./src/adapters/event-store/eventstoredb/check.ts');
      const { createRequire } = await import('node:module');
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('db-client')).length);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script], { cwd: root });
    expect(stdout.trim()).toBe('0');
  });
});

describe('what doctor asks', () => {
  test('is all answered by a server that lets us, and leaves nothing in a tail', async () => {
    const { url } = await startDouble();
    const store = await openStore(url);
    const tailed = collectTail(store, START);
    const findings = await checkEventStore(url);
    expect(findings.map(({ level }) => level)).toEqual(['fine', 'fine', 'fine', 'fine', 'fine']);
    expect(findings[0]?.message).toContain('22.10');
    expect(await store.head()).toBe(START);
    expect(tailed.events).toEqual([]);
  });

  test.for([
    ['esdb://127.0.0.1:1?tls=false', /No event store listens at 127\.0\.0\.1:1 .*ECONNREFUSED.*start it/],
    ['esdb+discover://127.0.0.1:1?tls=false', /No event store listens at 127\.0\.0\.1:1/],
    ['esdb://nowhere.invalid?tls=false', /name of the event store at nowhere\.invalid is not known/],
    ['mongodb://root:s3cret@127.0.0.1', /connection string of the event store is wrong/],
    ['esdb://root:s3cret@127.0.0.1:x', /connection string of the event store is wrong/],
    ['esdb://root:s3cret@127.0.0.1:1?tlsCAFile=/there/is/none.pem', /certificate file/],
  ] as const)('says what is wrong with %s, and no password', async ([url, sentence]) => {
    const problems = await problemsOf(url);
    expect(problems).toEqual([expect.stringMatching(sentence)]);
    expect(problems.join()).not.toContain('s3cret');
    const refusal = await openEventStoreDb({ url, readLimitMs: 0 }).catch(String);
    expect(refusal).toMatch(/event store/);
    expect(refusal).not.toContain('s3cret');
  });

  test.for([
    ['20.10.2.0', /positions/],
    ['unknown', /older than 21\.10/],
    ['24.10.1', undefined],
    ['26.0.0', undefined],
  ] as const)('judges version %s', async ([version, sentence]) => {
    const url = await startAlteredDouble({
      features: {
        ...serverFeaturesService,
        getSupportedMethods: (call, reply) =>
          serverFeaturesService.getSupportedMethods(call, (error, methods) => reply(error, methods?.setEventStoreServerVersion(version))),
      },
    });
    expect(await problemsOf(url)).toEqual(sentence ? [expect.stringMatching(sentence)] : []);
  });

  test('warns that a login is not sent without TLS', async () => {
    const { url } = await startDouble();
    expect(await problemsOf(url.replace('//', '//root:s3cret@'))).toEqual([expect.stringMatching(/Without TLS.*neither user nor password/)]);
  });

  test('is given up when nothing answers', async () => {
    const server = await startDouble();
    await server.signal('SIGSTOP');
    const problems = await checkEventStore(server.url, { timeoutMs: 100 });
    expect(problems).toEqual([{ level: 'problem', message: expect.stringMatching(/does not answer \(no answer within 100 ms\)/) }]);
  });
});
