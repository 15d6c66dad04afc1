import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type EventStore, START } from '../../src/adapters/event-store/port.ts';
import { collect, eventToAppend, newStream } from '../contract/event-store-samples.ts';
import { startFaultProxy } from '../harness/fault-proxy.ts';
import { until } from '../harness/until.ts';
import type { TestServer } from '../servers/test-server.ts';
import { collectTail, impatient, openStore, startDouble, writeOn } from './eventstoredb-stage.ts';

const WRITERS = 8;
const portOf = (server: TestServer) => Number(/:(\d+)/.exec(server.url.slice('esdb:'.length))?.[1]);

async function behindProxy(server: TestServer) {
  const proxy = await startFaultProxy({ host: '127.0.0.1', port: portOf(server) });
  onTestFinished(() => proxy.close());
  return { proxy, url: `esdb://${proxy.address}?tls=false` };
}

/** Passes on what new connections say, and nothing any more of those that were there when it deadened them. */
async function behindDeadener(port: number) {
  const pairs = new Set<readonly [Socket, Socket]>();
  const listener = createServer((client) => {
    const pair = [client, connect(port, '127.0.0.1')] as const;
    pairs.add(pair);
    pair[0].pipe(pair[1]).pipe(pair[0]);
    for (const socket of pair) socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    listener.close();
    for (const socket of [...pairs].flat()) socket.destroy();
  });
  const deaden = () => {
    for (const socket of [...pairs].flat()) socket.unpipe().pause();
  };
  return { url: `esdb://127.0.0.1:${(listener.address() as AddressInfo).port}?tls=false`, deaden };
}

/** Whose append is given up only when those of the writers have been repeated. */
const ms = impatient.appendTimeoutMs * 1.5;
const longerThanPatience = { ...impatient, appendTimeoutMs: ms, settleMs: ms, unreachableMs: ms };

async function unanswered(witness: EventStore): Promise<void> {
  expect(await witness.append(newStream(), [eventToAppend()], 'noStream')).toMatchObject({ ok: false, code: 'OutcomeUnknown' });
}

/** Writers at work and a tail beside them, while `trouble` does its worst; then the log is what was acknowledged, and the tail is the log. */
async function survive(url: string, trouble: (progressed: () => Promise<void>) => Promise<void>): Promise<void> {
  const store = await openStore(url);
  const tailed = collectTail(store, START);
  const ending = new AbortController();
  const streams = Array.from({ length: WRITERS }, newStream);
  const writing = Promise.all(streams.map((stream) => writeOn(store, stream, ending.signal)));
  const progressed = async () => {
    const before = tailed.events.length;
    await until(() => tailed.events.length >= before + WRITERS);
  };
  await progressed();
  await trouble(progressed);
  ending.abort();
  const acknowledged = await writing;
  for (const [index, stream] of streams.entries()) {
    expect((await collect(store.read(stream))).map(({ id }) => id)).toEqual(acknowledged[index]);
  }
  await until(async () => tailed.seen >= (await store.head()));
  expect(tailed.caughtUp).toBe(true);
  const positions = tailed.events.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].toSorted());
  const written = tailed.events.filter(({ stream }) => streams.includes(stream));
  expect(written.map(({ id }) => id).toSorted()).toEqual(acknowledged.flat().toSorted());
}

test('connections that are cut again and again lose no acknowledged event, double none, and stop no tail', async () => {
  const { proxy, url } = await behindProxy(await startDouble());
  await survive(url, async (progressed) => {
    for (let n = 0; n < 8; n += 1) {
      proxy.cut();
      proxy.heal();
      await progressed();
    }
  });
});

test.for(['toServer', 'toClient', undefined] as const)('a connection that is half open (%s) is left for a new one', async (direction) => {
  const { proxy, url } = await behindProxy(await startDouble());
  await survive(url, async (progressed) => {
    const witness = await openStore(url, longerThanPatience);
    proxy.halfOpen(direction);
    await unanswered(witness);
    proxy.heal();
    await progressed();
  });
});

test('connections that died without a word are left for new ones', async () => {
  const server = await startDouble();
  const { url, deaden } = await behindDeadener(portOf(server));
  await survive(url, async (progressed) => {
    for (let n = 0; n < 2; n += 1) {
      deaden();
      await progressed();
    }
  });
});

test('a slow line only slows', async () => {
  const { proxy, url } = await behindProxy(await startDouble());
  await survive(url, async (progressed) => {
    proxy.delay(100);
    await progressed();
    proxy.heal();
    await progressed();
  });
});

test('a server that is frozen and goes on has stored each append once', async () => {
  const server = await startDouble();
  await survive(server.url, async (progressed) => {
    const witness = await openStore(server.url, longerThanPatience);
    for (let n = 0; n < 2; n += 1) {
      await server.signal('SIGSTOP');
      await unanswered(witness);
      await server.signal('SIGCONT');
      await progressed();
    }
  });
});

test('a server that is killed and restarted keeps what it acknowledged, and everything goes on by itself', async () => {
  const server = await startDouble();
  await survive(server.url, async (progressed) => {
    for (let n = 0; n < 3; n += 1) {
      await server.restart();
      await progressed();
    }
  });
});
