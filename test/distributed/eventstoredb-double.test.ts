import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ANY,
  END,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  type Position,
  type ResolvedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams, { type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { until } from '../harness/until.ts';
import { startEventStoreDoubleWith } from '../servers/eventstoredb/index.ts';
import type { Numbered } from '../servers/eventstoredb/record.ts';
import { openStore } from '../servers/eventstoredb/store.ts';
import type { TestServer } from '../servers/test-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const recorded = join(root, '../shared/servers/eventstoredb');
const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function started(args: readonly string[] = []): Promise<TestServer> {
  const server = await startEventStoreDoubleWith(args);
  endings.push(server.close);
  return server;
}

function connected({ url }: Pick<TestServer, 'url'>): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  endings.push(client.dispose);
  return client;
}

const event = (id: string = randomUUID()) => jsonEvent({ id, type: 'Noted', data: {} });

async function whole<Item>(reading: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of reading) items.push(item);
  return items;
}
const idsIn = async (reading: AsyncIterable<ResolvedEvent>) => (await whole(reading)).map((read) => read.event?.id);

test('every recorded case is answered as the real server answered it', { timeout: 90_000 }, async ({ skip }) => {
  const script = join(recorded, 'behaviour.mjs');
  if (!existsSync(script)) return skip('The recording of a real server lies beside the repository, and is not here.');
  const { url } = await started();
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [script, url, join(recorded, 'behaviour.json')], { cwd: root }, (_error, stdout) => resolve(stdout));
  });
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed\n$/);
});

test('what was acknowledged is there in its order after the server was killed under 32 writers', async () => {
  const server = await started();
  const client = connected(server);
  let acknowledged = 0;
  const count = () => {
    acknowledged += 1;
  };
  const writers = Array.from({ length: 32 }, (_, writer) => writeUntilItFails(client, `writer-${writer}`, count));
  await until(() => acknowledged > 1000);
  await server.signal('SIGKILL');
  const written = await Promise.all(writers);
  await server.restart();

  const again = connected(server);
  for (const { stream, ids, positions, tried } of written) {
    const there = await whole(again.readStream(stream));
    expect(there.slice(0, ids.length).map((read) => read.event?.id)).toEqual(ids);
    expect(there.slice(0, ids.length).map((read) => read.event?.position)).toEqual(positions);
    expect([[], [tried]]).toContainEqual(there.slice(ids.length).map((read) => read.event?.id));
  }
  const commits = (await whole(again.readAll())).map((read) => read.event?.position?.commit ?? -1n);
  expect(commits).toEqual(commits.toSorted((one, other) => Number(one - other)));
  expect(new Set(commits).size).toBe(commits.length);
});

async function writeUntilItFails(client: EventStoreDBClient, stream: string, done: () => void) {
  const ids: string[] = [];
  const positions: (Position | undefined)[] = [];
  for (;;) {
    const tried = randomUUID();
    const expectedRevision = ids.length === 0 ? NO_STREAM : BigInt(ids.length - 1);
    const result = await client.appendToStream(stream, event(tried), { expectedRevision }).catch(() => undefined);
    if (!result) return { stream, ids, positions, tried };
    ids.push(tried);
    positions.push(result.position);
    done();
  }
}

test('after a restart an append is known again by its revision, and no longer by its id alone', async () => {
  const server = await started();
  const [exact, loose] = [event(), event()];
  const first = await connected(server).appendToStream('exact', exact, { expectedRevision: NO_STREAM });
  await connected(server).appendToStream('loose', loose, { expectedRevision: ANY });
  await server.restart();
  const client = connected(server);
  expect(await client.appendToStream('exact', exact, { expectedRevision: NO_STREAM })).toEqual(first);
  await client.appendToStream('loose', loose, { expectedRevision: ANY });
  await client.appendToStream('loose', loose, { expectedRevision: ANY });
  expect(await idsIn(client.readStream('exact'))).toEqual([exact.id]);
  expect(await idsIn(client.readStream('loose'))).toEqual([loose.id, loose.id]);
});

test('a subscription goes on after any checkpoint without a gap', async () => {
  const client = connected(await started());
  for (let n = 0; n < 20; n += 1) await client.appendToStream(n % 5 === 0 ? 'wanted' : `noise-${n}`, event());
  const wanted = await idsIn(client.readStream('wanted'));
  const checkpoints: Position[] = [];
  const checkpointReached = async (_: unknown, position: Position) => void checkpoints.push(position);
  const filter = streamNameFilter({ prefixes: ['wanted'], maxSearchWindow: 3, checkpointInterval: 2, checkpointReached });
  const subscription = client.subscribeToAll({ filter }).on('data', () => {});
  endings.push(() => subscription.unsubscribe());
  await until(() => checkpoints.length === 3);

  const [, second] = checkpoints;
  const seen: (string | undefined)[] = [];
  const resumed = client.subscribeToAll({ fromPosition: second!, filter }).on('data', (read) => seen.push(read.event?.id));
  endings.push(() => resumed.unsubscribe());
  await until(() => seen.length > 0);
  const looked = await whole(client.readAll({ fromPosition: START, maxCount: 12 }));
  expect(looked.at(-1)?.event?.position).toEqual(second);
  expect(seen).toEqual([wanted[3]]);
});

test('an append with a malformed event is answered twice: at once, and with a time-out when its time is up', async () => {
  const { url } = await started();
  const client = new StreamsClient(new URL(url).host, credentials.createInsecure());
  endings.push(async () => client.close());
  const answers: BatchAppendResp[] = [];
  const call = client
    .batchAppend()
    .on('data', (answer: BatchAppendResp) => answers.push(answer))
    .on('error', () => {});
  endings.push(async () => call.cancel());
  const noUuid = new streams.BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString('1'));
  noUuid.getMetadataMap().set('type', 'Noted').set('content-type', 'application/json');
  const noType = new streams.BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString(randomUUID()));
  noType.getMetadataMap().set('type', '').set('content-type', 'application/json');
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('s')));
  const correlations = [noUuid, noType].map((message) => {
    const id = randomUUID();
    const request = new streams.BatchAppendReq().setCorrelationId(new shared.UUID().setString(id)).setOptions(options).setIsFinal(true);
    call.write(request.setProposedMessagesList([message]));
    return id;
  });
  await until(() => answers.length === 4);
  expect(answers.map((answer) => answer.getCorrelationId()?.getString())).toEqual([...correlations, ...correlations]);
  const kinds = answers.map((answer) => answer.getError()?.getDetails()?.getTypeName().split('.').at(-1));
  expect(kinds).toEqual(['Unknown', 'Unknown', 'Timeout', 'Timeout']);
});

test('appends that a frozen server takes too late are all answered with a time-out, and some of them are written', async () => {
  const server = await started();
  const client = connected(server);
  await client.appendToStream('before', event());
  await server.signal('SIGSTOP');
  const asked = Array.from({ length: 8 }, (_, n) => client.appendToStream(`late-${n}`, event(), { deadline: 1 }));
  const late = Date.now() + 100;
  await until(() => Date.now() > late);
  await server.signal('SIGCONT');
  const answers = await Promise.allSettled(asked);
  expect(answers).toEqual(asked.map(() => expect.objectContaining({ reason: expect.objectContaining({ type: 'deadline-exceeded' }) })));
  const written = (await whole(client.readAll())).filter((read) => read.event?.streamId.startsWith('late-'));
  expect(written).toHaveLength(4);
});

test('a cluster of one is found by its gossip', async () => {
  const { url } = await started();
  const client = connected({ url: url.replace('esdb:', 'esdb+discover:') });
  await client.appendToStream('found', event());
  expect(await idsIn(client.readStream('found'))).toHaveLength(1);
});

test('whom the server does not know may do nothing, and a user may do everything but read $all', async () => {
  const [closed, half] = await Promise.all([started(['--anonymous', 'refused']), started(['--anonymous', 'user'])]);
  const [stranger, user] = [connected(closed), connected(half)];
  const denied = { type: 'access-denied' };
  await expect(stranger.appendToStream('s', event())).rejects.toMatchObject(denied);
  await expect(idsIn(stranger.readStream('s'))).rejects.toMatchObject(denied);
  await user.appendToStream('s', event());
  expect(await idsIn(user.readStream('s'))).toHaveLength(1);
  await expect(idsIn(user.readAll())).rejects.toMatchObject(denied);
  await expect(idsIn(user.subscribeToAll({ fromPosition: END }))).rejects.toMatchObject(denied);
});

test('an append that was not written to its end is cut off whole when the log is opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'eventstore-double-'));
  endings.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'events.log');
  const store = openStore(folder);
  const numbered = (revision: bigint): Numbered => ({
    stream: 's',
    revision,
    id: randomUUID(),
    type: 'Noted',
    contentType: 'application/json',
    ...bytes,
    created: 0,
  });
  const kept = store.stage([numbered(0n), numbered(1n)]);
  store.flush();
  store.stage([numbered(2n), numbered(3n)]);
  store.flush();
  await truncate(file, (await stat(file)).size - 1);

  const reopened = openStore(folder);
  expect(reopened.all.map(({ id, position }) => ({ id, position }))).toEqual(kept.map(({ id, position }) => ({ id, position })));
  const [next] = reopened.stage([numbered(2n)]);
  reopened.flush();
  expect(
    openStore(folder)
      .stream('s')
      .map(({ id }) => id),
  ).toEqual([...kept.map(({ id }) => id), next?.id]);
});

const bytes = { data: Buffer.from('{}'), metadata: new Uint8Array() };
