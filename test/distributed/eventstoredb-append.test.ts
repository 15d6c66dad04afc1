import { randomUUID } from 'node:crypto';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { expect, onTestFinished, test } from 'vitest';
import type { EventToAppend } from '../../src/adapters/event-store/port.ts';
import { collect, eventToAppend, newStream } from '../contract/event-store-samples.ts';
import { startFaultProxy } from '../harness/fault-proxy.ts';
import { until } from '../harness/until.ts';
import { tooLarge } from '../servers/eventstoredb/batch-answers.ts';
import { serverFeaturesService } from '../servers/eventstoredb/node-info.ts';
import { intercept, startAlteredDouble } from './altered-double.ts';
import { impatient, openStore, startDouble } from './eventstoredb-stage.ts';

const ids = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);
const ofSize = (bytes: number): EventToAppend => eventToAppend({ text: 'x'.repeat(bytes) });

test('what never left is refused as unavailable, with a sentence that says what to do', async () => {
  const server = await startDouble();
  const store = await openStore(server.url, { ...impatient, unreachableMs: 300 });
  await server.signal('SIGKILL');
  const stream = newStream();
  await until(async () => {
    const result = await store.append(stream, [eventToAppend()], 'noStream');
    return !result.ok && result.code === 'StoreUnavailable' && /see that it runs/.test(result.message);
  });
  await server.restart();
  expect(await collect(store.read(stream))).toHaveLength(0);
  expect(await store.append(stream, [eventToAppend()], 'noStream')).toMatchObject({ ok: true, duplicate: false });
});

test('an append without an answer is an unknown outcome, and the identical one settles it', async () => {
  let mute = false;
  const url = await startAlteredDouble({ batchAppend: (call) => intercept(call, (answer, send) => mute || send(answer)) });
  const store = await openStore(url, { ...impatient, appendTimeoutMs: 100, settleMs: 400 });
  const stream = newStream();
  const events = [eventToAppend(), eventToAppend()];
  mute = true;
  expect(await store.append(stream, events, 'noStream')).toMatchObject({ ok: false, code: 'OutcomeUnknown' });
  mute = false;
  expect(await store.append(stream, events, 'noStream')).toMatchObject({ ok: true, revision: 1n });
  expect(ids(await collect(store.read(stream)))).toEqual(ids(events));
});

test('the signal ends an append that waits for its answer', async () => {
  let mute = false;
  const url = await startAlteredDouble({ batchAppend: (call) => intercept(call, (answer, send) => mute || send(answer)) });
  const store = await openStore(url);
  mute = true;
  const ending = new AbortController();
  const appending = store.append(newStream(), [eventToAppend()], 'noStream', { signal: ending.signal });
  ending.abort();
  expect(await appending).toMatchObject({ ok: false, code: 'OutcomeUnknown' });
  mute = false;
});

test('an append whose first answer was lost is one append, and no duplicate', async () => {
  let lost = 0;
  const url = await startAlteredDouble({
    batchAppend: (call) => intercept(call, (answer, send) => (answer.getStreamPosition() === '0' && lost++ === 0 ? true : send(answer))),
  });
  const store = await openStore(url);
  const stream = newStream();
  await store.append(stream, [eventToAppend()], 'noStream');
  expect(await store.append(stream, [eventToAppend()], 0n)).toMatchObject({ ok: true, revision: 1n, duplicate: false });
  expect(lost).toBeGreaterThan(1);
  expect(await collect(store.read(stream))).toHaveLength(2);
});

test('a server that answers everything twice ends no process', async () => {
  const url = await startAlteredDouble({
    batchAppend: (call) =>
      intercept(call, (answer, send) => {
        send(answer);
        return send(answer);
      }),
  });
  const store = await openStore(url);
  const results = await Promise.all(Array.from({ length: 20 }, () => store.append(newStream(), [eventToAppend()], 'noStream')));
  expect(results.every(({ ok }) => ok)).toBe(true);
});

test('a stream that breaks for one store costs another one of the process nothing', async () => {
  const held: (() => void)[] = [];
  let holding = false;
  const url = await startAlteredDouble({
    batchAppend: (call) =>
      intercept(call, (answer, send) => {
        if (holding) held.push(() => send(answer));
        return holding || send(answer);
      }),
  });
  const other = await startDouble();
  const [store, dying] = [await openStore(url), await openStore(other.url, { ...impatient, unreachableMs: 100 })];
  const stream = newStream();
  await dying.append(stream, [eventToAppend()], 'noStream');
  holding = true;
  const appending = store.append(stream, [eventToAppend()], 'noStream');
  await until(() => held.length > 0);
  await other.signal('SIGKILL');
  await until(() => held.length > 1);
  holding = false;
  for (const answer of held) answer();
  expect(await appending).toMatchObject({ ok: true, revision: 0n });
  expect(await collect(store.read(stream))).toHaveLength(1);
});

test('appends that wait for a congested connection survive its end', async () => {
  const server = await startDouble();
  const proxy = await startFaultProxy({ host: '127.0.0.1', port: Number(/:(\d+)\?/.exec(server.url)?.[1]) });
  onTestFinished(() => proxy.close());
  const store = await openStore(`esdb://${proxy.address}?tls=false`, { ...impatient, appendTimeoutMs: 5000 });
  proxy.halfOpen('toServer');
  const streams = Array.from({ length: 64 }, newStream);
  const appending = Promise.all(streams.map((stream) => store.append(stream, [ofSize(60_000)], 'noStream')));
  await new Promise((resolve) => setImmediate(resolve));
  proxy.cut();
  proxy.heal();
  expect((await appending).every(({ ok }) => ok)).toBe(true);
  for (const stream of streams) expect(await collect(store.read(stream))).toHaveLength(1);
});

test('a client whose first question to the server failed is not kept', async () => {
  let failures = 0;
  const url = await startAlteredDouble({
    features: {
      ...serverFeaturesService,
      getSupportedMethods: (call, reply) => {
        failures += 1;
        if (failures <= 2) reply({ code: status.INTERNAL, details: 'not yet' });
        else serverFeaturesService.getSupportedMethods(call, reply);
      },
    },
  });
  const store = await openStore(url);
  expect(await store.append(newStream(), [eventToAppend()], 'noStream')).toMatchObject({ ok: true });
});

test('hundreds of first appends at once are all stored, over one call that carries them all', async () => {
  let calls = 0;
  const url = await startAlteredDouble({
    batchAppend: () => {
      calls += 1;
    },
  });
  const store = await openStore(url.replace('//', '//user:password@'));
  const results = await Promise.all(Array.from({ length: 300 }, () => store.append(newStream(), [eventToAppend()], 'noStream')));
  expect(results.every(({ ok }) => ok)).toBe(true);
  expect(calls).toBe(1);
});

test('a conflict names the revision, whatever the connection string says about throwing', async () => {
  const { url } = await startDouble();
  const store = await openStore(`${url}&throwOnAppendFailure=false`);
  const stream = newStream();
  await store.append(stream, [eventToAppend(), eventToAppend(), eventToAppend()], 'noStream');
  expect(await store.append(stream, [eventToAppend()], 0n)).toEqual({ ok: false, code: 'WrongExpectedRevision', actual: 2n });
  expect(await store.append(newStream(), [eventToAppend()], 0n)).toEqual({ ok: false, code: 'WrongExpectedRevision' });
});

test('what is too large by the server’s own way of counting does not leave', async () => {
  let asked = 0;
  const url = await startAlteredDouble({ batchAppend: (call) => void call.on('data', () => asked++) });
  const store = await openStore(url);
  const before = asked;
  const fits = 1024 * 1024 - 700;
  const result = await store.append(newStream(), [ofSize(fits), eventToAppend()], 'noStream');
  expect(result).toMatchObject({ ok: false, code: 'TooLarge', message: expect.stringContaining('1048576') });
  expect(asked).toBe(before);
  expect(await store.append(newStream(), [ofSize(fits)], 'noStream')).toMatchObject({ ok: true });
});

test('a server with a smaller limit is told of by its limit', async () => {
  const small = (answer: BatchAppendResp): BatchAppendResp => {
    const [correlation, identifier] = [answer.getCorrelationId(), answer.getStreamIdentifier()];
    if (!correlation || !identifier) throw new Error('An answer names its append.');
    return tooLarge({ correlation, identifier, expected: 'noStream' });
  };
  let refusing = false;
  const url = await startAlteredDouble({ batchAppend: (call) => intercept(call, (answer, send) => send(refusing ? small(answer) : answer)) });
  const store = await openStore(url);
  refusing = true;
  const result = await store.append(newStream(), [eventToAppend()], 'noStream');
  expect(result).toMatchObject({ ok: false, code: 'TooLarge', message: expect.stringMatching(/1048576 bytes.*MaxAppendSize/) });
});

test('what would be stored and never seen is a TypeError', async () => {
  const store = await openStore((await startDouble()).url);
  const event = eventToAppend();
  for (const stream of ['$settings', '$$all', 'annals_epoch']) await expect(store.append(stream, [event], 'any')).rejects.toThrow(TypeError);
  await expect(store.append(newStream(), [{ ...event, type: '$metadata' }], 'any')).rejects.toThrow(TypeError);
});

test('a repeat is a duplicate after a restart of the server, and after one of ours, too', async () => {
  const server = await startDouble();
  const store = await openStore(server.url);
  const [first, second] = [[eventToAppend()], [eventToAppend(), eventToAppend()]];
  const stream = newStream();
  const stored = [await store.append(stream, first, 'noStream'), await store.append(stream, second, 0n)];
  await server.restart();
  for (const again of [store, await openStore(server.url)]) {
    expect(await again.append(stream, first, 'noStream')).toEqual({ ...stored[0], duplicate: true });
    expect(await again.append(stream, second, 0n)).toEqual({ ...stored[1], duplicate: true });
  }
  expect(ids(await collect(store.read(stream)))).toEqual(ids([...first, ...second]));
});

test('a success for a stream that somebody has deleted is none', async () => {
  const { url } = await startDouble();
  const store = await openStore(url);
  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  const stream = newStream();
  const events = [eventToAppend()];
  await store.append(stream, events, 'noStream');
  await client.deleteStream(stream);
  expect(await store.append(stream, events, 'noStream')).toMatchObject({
    ok: false,
    code: 'StoreUnavailable',
    message: expect.stringContaining('removed'),
  });
  await client.tombstoneStream(stream);
  expect(await store.append(stream, [eventToAppend()], 'any')).toMatchObject({
    ok: false,
    code: 'StoreUnavailable',
    message: expect.stringContaining('deleted'),
  });
  await expect(collect(store.read(stream))).rejects.toMatchObject({ code: 'StoreUnavailable' });
});

test('a server that says no positions still answers one that is not before the event', async () => {
  const withoutPosition = (answer: BatchAppendResp) => {
    answer.getSuccess()?.setNoPosition(new emptyPb.Empty());
    return answer;
  };
  const HIGHEST = '18446744073709551615';
  const url = await startAlteredDouble({
    batchAppend: (call) => intercept(call, (answer, send) => send(withoutPosition(answer))),
    read: (call) =>
      intercept(call, (answer, send) => {
        const event = call.request.getOptions()?.hasStream() ? answer.getEvent() : undefined;
        event?.setNoPosition(new emptyPb.Empty()).getEvent()?.setCommitPosition(HIGHEST).setPreparePosition(HIGHEST);
        return send(answer);
      }),
  });
  const store = await openStore(url);
  const stream = `note-${randomUUID()}`;
  const before = await store.head();
  const result = await store.append(stream, [eventToAppend(), eventToAppend()], 'noStream');
  const head = await store.head();
  expect(head > before).toBe(true);
  expect(result).toMatchObject({ ok: true, revision: 1n, position: head });
  for (const event of await collect(store.read(stream))) expect(event.position).toBe(head);
});
