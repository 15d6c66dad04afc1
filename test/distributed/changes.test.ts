import { it } from 'vitest';
import { openMongoBus } from '../../src/adapters/bus/mongodb.ts';
import { followChanges } from '../../src/adapters/mongo/changes.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { type FaultProxy, startFaultProxy } from '../harness/fault-proxy.ts';
import { until } from '../harness/until.ts';
import { newTestDatabase } from './mongo-database.ts';
import { describeWith, mongodbUrl } from './servers.ts';

function proxyToMongo(): Promise<FaultProxy> {
  const { hostname: host, port } = new URL(mongodbUrl());
  return startFaultProxy({ host, port: Number(port || 27_017) });
}

describeWith(['MONGODB_URL'], 'changes that others make', () => {
  it('are heard from the moment on that it says so, and again by themselves after the connection was cut', async ({ skip }) => {
    const database = newTestDatabase();
    const proxy = await proxyToMongo();
    const [direct, cutOff] = await Promise.all([database.connect(), database.connectThrough(proxy.address)]);
    if (!direct.changeStreams) skip('The server has no change streams.');
    const rows = direct.db.collection<{ _id: number }>('rows');
    const heard: unknown[] = [];
    let watching = 0;
    const end = new AbortController();
    const followed = followChanges({
      collection: cutOff.db.collection<{ _id: number }>('rows'),
      pipeline: [{ $match: { operationType: 'insert' } }],
      hear: (change) => heard.push('documentKey' in change && change.documentKey._id),
      watching: () => {
        watching += 1;
      },
      signal: end.signal,
    });
    await until(() => watching === 1);
    await rows.insertOne({ _id: 1 });
    await until(() => heard.includes(1));
    proxy.cut();
    await rows.insertOne({ _id: 2 });
    proxy.heal();
    await until(async () => {
      await rows.insertOne({ _id: 3 + Math.random() });
      return heard.some((id) => Number(id) >= 3);
    });
    end.abort();
    await followed;
    await database.remove();
    await proxy.close();
  });

  it.each([true, false])('reach a bus again whose connection was cut or hung (change streams: %s)', async (streams) => {
    const database = newTestDatabase();
    const proxy = await proxyToMongo();
    const [direct, cutOff] = await Promise.all([database.connect(), database.connectThrough(proxy.address)]);
    const there = await openMongoBus(direct);
    const here = await openMongoBus({ ...cutOff, changeStreams: cutOff.changeStreams && streams });
    const heard: JsonObject[] = [];
    here.subscribe('views', (message) => heard.push(message));
    for (const [round, harm] of [() => {}, proxy.cut, () => proxy.halfOpen()].entries()) {
      harm();
      await here.publish('views', { harmed: round });
      proxy.heal();
      await there.publish('views', { round });
      await until(() => heard.some((message) => message['round'] === round));
    }
    await Promise.all([here.close(), there.close()]);
    await database.remove();
    await proxy.close();
  });
});
