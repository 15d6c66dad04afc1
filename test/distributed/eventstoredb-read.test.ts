import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { START } from '../../src/adapters/event-store/port.ts';
import { collect, eventToAppend, newStream, tailUntil } from '../contract/event-store-samples.ts';
import { until } from '../harness/until.ts';
import { intercept, startAlteredDouble } from './altered-double.ts';
import { collectTail, impatient, openStore, startDouble } from './eventstoredb-stage.ts';

const isSubscription = (request: ReadReq) => request.getOptions()?.hasSubscription() === true;
const ids = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

function rawClient(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  return client;
}

/** What others write on the same server: system streams, metadata, and events of another program in streams of its own. */
async function othersWrite(client: EventStoreDBClient, count: number): Promise<void> {
  const events = (type: string) => Array.from({ length: count }, () => jsonEvent({ type, data: {} }));
  await client.appendToStream('$stats-here', events('$statsCollected'));
  await client.appendToStream('shop-1', events('Sold'));
  await client.setStreamMetadata('shop-1', { maxCount: 100_000 });
}

test('reading from a server that is gone throws what callers take for unavailable', async () => {
  const server = await startDouble();
  const store = await openStore(server.url, { ...impatient, readLimitMs: 300 });
  await server.signal('SIGKILL');
  await expect(collect(store.read(newStream()))).rejects.toMatchObject({
    code: 'StoreUnavailable',
    message: expect.stringMatching(/see that it runs/),
  });
  await expect(store.head()).rejects.toMatchObject({ code: 'StoreUnavailable' });
  await server.restart();
  expect(await collect(store.read(newStream()))).toEqual([]);
});

test.for([false, true])('a reading that breaks again and again is whole all the same (backwards: %s)', async (backwards) => {
  let broken = 0;
  const url = await startAlteredDouble({
    read: (call) => {
      let sent = 0;
      if (call.request.getOptions()?.hasStream()) {
        intercept(call, (answer, send) => {
          if (answer.hasEvent()) sent += 1;
          if (sent < 100) return send(answer);
          if (sent === 100) {
            broken += 1;
            call.emit('error', { code: status.UNAVAILABLE, details: 'broken' });
          }
          return true;
        });
      }
    },
  });
  const store = await openStore(url);
  const stream = newStream();
  const events = Array.from({ length: 350 }, (_, n) => eventToAppend({ n }));
  await store.append(stream, events, 'noStream');
  const ordered = backwards ? ids(events).toReversed() : ids(events);
  expect(ids(await collect(store.read(stream, { backwards })))).toEqual(ordered);
  expect(broken).toBeGreaterThan(2);
  expect(ids(await collect(store.read(stream, { backwards, max: 250 })))).toEqual(ordered.slice(0, 250));
});

test('a reading whose connection goes silent is whole all the same, and so are those beside it', async () => {
  let silences = 0;
  const url = await startAlteredDouble({
    read: (call) => {
      if (!call.request.getOptions()?.hasStream() || silences >= 2) return;
      let sent = 0;
      intercept(call, (answer, send) => {
        sent += 1;
        if (sent === 50) {
          silences += 1;
          call.end = () => call;
        }
        return sent >= 50 || send(answer);
      });
    },
  });
  const store = await openStore(url);
  const stream = newStream();
  const events = Array.from({ length: 80 }, (_, n) => eventToAppend({ n }));
  await store.append(stream, events, 'noStream');
  for (const read of await Promise.all([1, 2, 3].map(() => collect(store.read(stream))))) expect(ids(read)).toEqual(ids(events));
  expect(silences).toBeGreaterThanOrEqual(2);
});

test('a reading ends by its signal, also while the server is silent', async () => {
  const url = await startAlteredDouble({
    read: (call) => !call.request.getOptions()?.getStream()?.getStreamIdentifier()?.getStreamName_asB64().startsWith(mute),
  });
  const mute = Buffer.from('mut').toString('base64');
  const store = await openStore(url, { ...impatient, silenceMs: 60_000 });
  const ending = new AbortController();
  const reading = collect(store.read('mute-1', { signal: ending.signal }));
  ending.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

test('a tail and the head know nothing of what the server and others write', async () => {
  const { url } = await startDouble();
  const store = await openStore(url);
  expect(await store.head()).toBe(START);
  await othersWrite(rawClient(url), 300);
  expect(await store.head()).toBe(START);
  expect(await tailUntil(store, START, ([first]) => first !== undefined)).toEqual([{ events: [], seen: START, caughtUp: true }]);
  const tailed = collectTail(store, START);
  const event = eventToAppend();
  const result = await store.append(newStream(), [event], 'noStream');
  await othersWrite(rawClient(url), 300);
  expect(result).toMatchObject({ ok: true, position: await store.head() });
  await until(async () => tailed.seen === (await store.head()));
  expect(ids(tailed.events)).toEqual([event.id]);
  const another = await openStore(url);
  expect(await another.head()).toBe(await store.head());
});

test('an event that somebody else wrote into one of our streams is not passed over in silence', async () => {
  const { url } = await startDouble();
  const store = await openStore(url);
  const stream = newStream();
  await store.append(stream, [eventToAppend()], 'noStream');
  await rawClient(url).appendToStream(stream, jsonEvent({ type: 'Strange', data: {} }));
  await expect(collect(store.read(stream))).rejects.toThrow(stream);
});

test('a subscription that is dead without saying so is replaced', async () => {
  let subscriptions = 0;
  const url = await startAlteredDouble({
    read: (call) => {
      if (!isSubscription(call.request)) return;
      subscriptions += 1;
      if (subscriptions <= 2) intercept(call, (answer, send) => answer.hasEvent() || send(answer));
    },
  });
  const store = await openStore(url);
  const tailed = collectTail(store, START);
  await until(() => tailed.caughtUp);
  const event = eventToAppend();
  await store.append(newStream(), [event], 'noStream');
  await until(() => tailed.events.length > 0);
  expect(ids(tailed.events)).toEqual([event.id]);
  expect(subscriptions).toBeGreaterThan(2);
});

test('a subscription that is quiet because nothing happens is left alone', async () => {
  let [subscriptions, looks] = [0, 0];
  const url = await startAlteredDouble({
    read: (call) => {
      if (isSubscription(call.request)) subscriptions += 1;
      else if (call.request.getOptions()?.hasAll()) looks += 1;
    },
  });
  const store = await openStore(url, { ...impatient, silenceMs: 1000 });
  const tailed = collectTail(store, START);
  await until(() => tailed.caughtUp);
  const before = looks;
  await until(() => looks > before + 3);
  expect(subscriptions).toBe(1);
});

test('a tail ends with its signal while the server is away', async () => {
  const server = await startDouble();
  const store = await openStore(server.url, { ...impatient, silenceMs: 600_000, readLimitMs: 600_000 });
  const following = new AbortController();
  const waiting = [store.tail(START, { signal: following.signal })[Symbol.asyncIterator]()];
  for (const tail of waiting) await tail.next();
  await server.signal('SIGSTOP');
  waiting.push(store.tail(START, { signal: following.signal })[Symbol.asyncIterator]());
  const ends = waiting.map((tail) => tail.next());
  await expect(collect(store.read(newStream(), { signal: AbortSignal.timeout(500) }))).rejects.toThrow();
  following.abort();
  for (const end of ends) expect(await end).toMatchObject({ done: true });
});

test('a tail that is dropped at every event brings each once, in order', async () => {
  const url = await startAlteredDouble({
    read: (call) => {
      if (!isSubscription(call.request)) return;
      let sent = 0;
      intercept(call, (answer, send) => {
        if (answer.hasEvent()) sent += 1;
        if (sent <= 7) return send(answer);
        if (sent === 8) call.emit('error', { code: status.ABORTED, details: 'consumer too slow' });
        return true;
      });
    },
  });
  const store = await openStore(url);
  const events = Array.from({ length: 60 }, (_, n) => eventToAppend({ n }));
  await store.append(newStream(), events.slice(0, 30), 'noStream');
  const tailed = collectTail(store, START);
  await store.append(newStream(), events.slice(30), 'noStream');
  await until(() => tailed.events.length >= events.length);
  expect(ids(tailed.events)).toEqual(ids(events));
  await until(async () => tailed.caughtUp && tailed.seen === (await store.head()));
});

test('a tail that is not read holds back the server instead of filling the memory', async () => {
  let sent = 0;
  const url = await startAlteredDouble({
    read: (call) => {
      if (!isSubscription(call.request)) return;
      intercept(call, (answer, send) => {
        if (answer.hasEvent()) sent += 1;
        return send(answer);
      });
    },
  });
  const store = await openStore(url);
  const total = 3000;
  for (let n = 0; n < total; n += 100) {
    await store.append(
      newStream(),
      Array.from({ length: 100 }, () => eventToAppend({ text: 'x'.repeat(4000) })),
      'noStream',
    );
  }
  const ending = new AbortController();
  const tail = store.tail(START, { signal: ending.signal })[Symbol.asyncIterator]();
  const first = await tail.next();
  let before = -1;
  await until(async () => {
    await store.head();
    const stands = sent === before;
    before = sent;
    return stands;
  });
  expect(sent).toBeLessThan(total / 2);
  let got = first.done ? 0 : first.value.events.length;
  while (got < total) {
    const next = await tail.next();
    got += next.done ? 0 : next.value.events.length;
  }
  expect(got).toBe(total);
  ending.abort();
  await tail.next();
});
