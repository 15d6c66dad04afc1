import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createMemoryDocumentStore } from '../../src/adapters/document-store/memory.ts';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import type { DocumentStore } from '../../src/adapters/document-store/port.ts';
import { type MongoConnection, openMongo } from '../../src/adapters/mongo/connection.ts';
import { StoreUnavailable } from '../../src/adapters/mongo/outage.ts';
import { patient } from '../../src/main/patient.ts';
import { at, ids, put } from '../contract/document-store-stage.ts';
import { until } from '../harness/until.ts';
import { startMongoServer } from '../servers/mongodb/index.ts';
import type { TestServer } from '../servers/test-server.ts';
import { newTestDatabase, type TestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const collection = 'things@1';
const rebuild = `${collection}+rebuild`;

function insisting(store: DocumentStore): { insistent: DocumentStore; heard: (string | undefined)[] } {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const heard: (string | undefined)[] = [];
  return { heard, insistent: patient(store, { signal: stop.signal, everyMs: 20, onWait: (why) => heard.push(why) }) };
}

const batch = (n: number) => Array.from({ length: 60 }, (_, index) => put(`d${(index * n) % 97}`, n, { owner: `o${index % 7}`, at: n, index }));

describeWith(['MONGODB_URL'], 'on a MongoDB that goes away', () => {
  let server: TestServer | { readonly unavailable: string };
  beforeAll(async () => {
    server = await startMongoServer();
  });
  afterAll(async () => {
    if ('close' in server) await server.close();
  });

  const open = async (): Promise<{ server: TestServer; store: DocumentStore }> => {
    if ('unavailable' in server) throw new Error(server.unavailable);
    const connection = await openMongo(server.url);
    onTestFinished(() => connection.close());
    return { server, store: await openMongoDocumentStore({ connection, prefix: `${crypto.randomUUID()}.` }) };
  };

  test('commits that a kill interrupts anywhere, told again, leave what one uninterrupted telling leaves', async () => {
    const { server, store } = await open();
    const model = createMemoryDocumentStore();
    const { insistent } = insisting(store);
    for (const each of [insistent, model]) await each.open(collection, [['owner', 'at']]);
    let n = 0;
    const write = async (last: number) => {
      while (n < last) await insistent.commit(collection, batch(++n), at(n));
    };
    for (const kill of [8, 16, 24]) {
      const writing = write(kill);
      await until(() => n >= kill - 4);
      await server.signal('SIGKILL');
      await server.restart();
      await writing;
    }
    for (let told = 1; told <= n; told++) await model.commit(collection, batch(told), at(told));
    expect(await store.digest(collection)).toEqual(await model.digest(collection));
    expect(await store.checkpoint(collection)).toEqual(at(n));
  });

  test('questions fail with StoreUnavailable while it is gone, patient writes wait, and both are answered when it is back', async () => {
    const { server, store } = await open();
    const { insistent, heard } = insisting(store);
    await store.open(collection, []);
    await store.commit(collection, [put('a', 1)], at(1));
    await server.signal('SIGKILL');
    const writing = insistent.commit(collection, [put('b', 2)], at(2));
    const questions = [store.find(collection, {}), store.getMany(collection, ['a']), store.checkpoint(collection), store.digest(collection)];
    for (const asked of await Promise.allSettled(questions))
      expect(asked).toMatchObject({ status: 'rejected', reason: { code: 'StoreUnavailable' } });
    await server.restart();
    await writing;
    expect(ids((await store.find(collection, {})).documents)).toEqual(['a', 'b']);
    expect(heard).toEqual([expect.stringMatching(/^The database at 127\.0\.0\.1:\d+ does not answer/), undefined]);
  });

  test('a server that hangs is given up, and what was asked meanwhile is not lost', async () => {
    const { server, store } = await open();
    await store.open(collection, []);
    await server.signal('SIGSTOP');
    await expect(store.commit(collection, [put('a', 1)], at(1))).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await server.signal('SIGCONT');
    await store.commit(collection, [put('a', 1)], at(1));
    expect((await store.digest(collection)).count).toBe(1);
  });
});

describeWith(['MONGODB_URL'], 'a rebuild on MongoDB', () => {
  let database: TestDatabase;
  let connection: MongoConnection;
  beforeAll(async () => {
    database = newTestDatabase();
    connection = await database.connect();
  });
  afterAll(() => database.remove());
  const fill = async (store: DocumentStore, name: string, indexes: readonly (readonly string[])[], id: string) => {
    await store.open(name, indexes);
    await store.commit(name, [put(id, 1, { owner: 'o' })], at(1));
  };

  test('whose switch was made but not answered is switched when told again', async () => {
    let cut = false;
    const reach: MongoConnection['reach'] = async (work) => {
      const result = await connection.reach(work);
      if (cut) throw new StoreUnavailable('The answer was lost.');
      return result;
    };
    const store = await openMongoDocumentStore({ connection: { ...connection, reach }, prefix: 'unanswered.' });
    await fill(store, collection, [], 'old');
    await fill(store, rebuild, [], 'new');
    cut = true;
    await expect(store.rename(rebuild, collection)).rejects.toThrow('lost');
    cut = false;
    await store.rename(rebuild, collection);
    expect(ids((await store.find(collection, {})).documents)).toEqual(['new']);
    await expect(store.rename(rebuild, collection)).rejects.toThrow('open()');
  });

  test('is seen by other processes as a whole: one of the two answers, never none, and soon the new one with its indexes', async () => {
    const [writer, reader] = [
      await openMongoDocumentStore({ connection, prefix: 'switch.' }),
      await openMongoDocumentStore({ connection: await database.connect(), prefix: 'switch.' }),
    ];
    const find = async () => ids((await reader.find(collection, { owner: 'o' })).documents);
    await fill(writer, collection, [['owner']], 'old');
    expect(await find()).toEqual(['old']);
    await fill(writer, rebuild, [['owner'], ['at']], 'new');
    let switched = false;
    const watching = until(async () => {
      const before = switched;
      const found = await find();
      expect([['old'], ['new']]).toContainEqual(found);
      return before && found[0] === 'new';
    });
    await writer.rename(rebuild, collection);
    switched = true;
    await watching;
  });
});
