import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { openMongoDocumentStore } from '../../../src/adapters/document-store/mongodb.ts';
import { rowOf } from '../../../src/adapters/document-store/mongodb-layout.ts';
import type { DocumentStore, Operation } from '../../../src/adapters/document-store/port.ts';
import { openEventStoreDb } from '../../../src/adapters/event-store/eventstoredb.ts';
import type { EventStore, Position } from '../../../src/adapters/event-store/port.ts';
import { upcasting } from '../../../src/adapters/event-store/upcast.ts';
import type { MongoConnection } from '../../../src/adapters/mongo/connection.ts';
import { upcasters } from '../../../src/domain/upcasters.ts';
import { createProjector, type ViewStatus } from '../../../src/projections/projector.ts';
import { collectionOf } from '../../../src/projections/view.ts';
import { views } from '../../../src/projections/views/index.ts';
import { type Bench, type BenchOptions, count, interleaved, median, perSecond, type Row, rate, ratioOf, timed } from '../measure.ts';
import { conversationsToAppend } from './log.ts';
import { databaseOn, withDatabase, withServers } from './servers.ts';

const AIM = 0.5;
const A_REQUEST = 1000;

/** What was committed to each collection, in order. */
type Written = ReadonlyMap<string, readonly Operation[]>;

interface Stage {
  readonly store: EventStore;
  readonly connection: MongoConnection;
  /** Documents in collections that nobody has used, with the views' indexes, their checkpoints at this position. */
  openAt(position: Position): Promise<{ readonly documents: DocumentStore; readonly prefix: string }>;
}

export const viewsOnServers: Bench = {
  title: 'Projecting from EventStoreDB into MongoDB',
  run: (options) =>
    withServers(['EVENTSTORE_URL', 'MONGODB_URL'], ({ EVENTSTORE_URL, MONGODB_URL }) =>
      withDatabase(databaseOn(MONGODB_URL), async (connection) => {
        const store = upcasting(await openEventStoreDb({ url: EVENTSTORE_URL.url }), upcasters, String);
        try {
          return await measure(staged(store, connection), `${EVENTSTORE_URL.what}; ${MONGODB_URL.what}`, options);
        } finally {
          await store.close();
        }
      }),
    ),
};

function staged(store: EventStore, connection: MongoConnection): Stage {
  let opened = 0;
  return {
    store,
    connection,
    async openAt(position) {
      opened += 1;
      const prefix = `bench${opened}.`;
      const documents = await openMongoDocumentStore({ connection, prefix });
      const epoch = await store.epoch();
      for (const view of views) {
        await documents.open(collectionOf(view), view.indexes);
        await documents.commit(collectionOf(view), [], { position, epoch });
      }
      return { documents, prefix };
    },
  };
}

async function measure(stage: Stage, servers: string, { quick, say }: BenchOptions): Promise<Row[]> {
  const { store } = stage;
  const events = quick ? 1000 : 3000;
  const rounds = quick ? 1 : 3;
  const beginning = await store.head();
  await conversationsToAppend(store, events)();
  const built = await rebuild(stage, beginning);
  const rebuilds = await interleaved(rounds, {
    annals: async () => perSecond(events, (await rebuild(stage, beginning)).ms),
    bare: async () => perSecond(events, await bulkWrites(stage, built.written)),
  });
  const followed = await follow(stage, events);
  const live = await interleaved(rounds, {
    annals: async () => perSecond(events, (await follow(stage, events)).ms),
    bare: async () => perSecond(events, await bulkWrites(stage, followed.written, conversationsToAppend(store, events))),
  });
  say(`documents written: ${count(sizeOf(built.written))} by the rebuild, ${count(sizeOf(followed.written))} live`);
  const row = (what: string, ours: readonly number[], theirs: readonly number[]): Row => {
    const ratio = ratioOf(ours, theirs);
    return { what, figure: rate(median(ours)), beside: rate(median(theirs)), ratio, aim: `≥ ${AIM}×`, met: ratio >= AIM };
  };
  return [
    row(
      `${count(events)} events from \`$all\` into all ${views.length} views built anew, against \`bulkWrite\` of the same documents by the ${count(A_REQUEST)}; servers: ${servers}`,
      rebuilds.annals,
      rebuilds.bare,
    ),
    row(
      `the same live, while the events are being appended, against \`bulkWrite\` of the same documents during the same appends`,
      live.annals,
      live.bare,
    ),
  ];
}

interface Projected {
  readonly ms: number;
  readonly written: Written;
}

/** Everything after that position, into views that know nothing of it. */
const rebuild = async (stage: Stage, beginning: Position): Promise<Projected> => {
  const head = await stage.store.head();
  return projecting(stage, beginning, async (reached) => (await timed(() => reached(({ position }) => position >= head))).ms);
};

/** Views that have caught up, until they show so many events more. */
const follow = async (stage: Stage, events: number): Promise<Projected> => {
  const append = conversationsToAppend(stage.store, events);
  return projecting(stage, await stage.store.head(), async (reached) => {
    await reached(({ state }) => state === 'live');
    const { ms } = await timed(async () => {
      await append();
      const head = await stage.store.head();
      await reached(({ position }) => position >= head);
    });
    return ms;
  });
};

type Reached = (holds: (status: ViewStatus) => boolean) => Promise<void>;

/** Runs the projector for as long as the work takes; `reached` resolves when it is so of every view. */
async function projecting(stage: Stage, from: Position, work: (reached: Reached) => Promise<number>): Promise<Projected> {
  const { documents } = await stage.openAt(from);
  const written = new Map<string, Operation[]>();
  const noting: DocumentStore = {
    ...documents,
    async commit(name, operations, checkpoint) {
      written.set(name, [...(written.get(name) ?? []), ...operations]);
      await documents.commit(name, operations, checkpoint);
    },
  };
  let look = (): void => undefined;
  const projector = createProjector({ store: stage.store, documents: noting, views, onProgress: () => look() });
  const reached: Reached = (holds) =>
    new Promise((resolve, reject) => {
      look = () => {
        const halted = projector.status().find(({ state }) => state === 'halted');
        if (halted) reject(new Error(`The view ${halted.view} halted: ${halted.reason}`));
        else if (projector.status().every(holds)) resolve();
      };
      look();
    });
  const ended = new AbortController();
  const running = projector.run(ended.signal);
  const ms = await Promise.race([work(reached), running.then(() => Promise.reject(new Error('The projector has ended.')))]);
  ended.abort();
  await running;
  return { ms, written };
}

const sizeOf = (written: Written): number => [...written.values()].reduce((sum, operations) => sum + operations.length, 0);

/** The same documents as they lie in the database, into collections with the same indexes, each collection by itself; in ms, with what goes on beside it. */
async function bulkWrites(stage: Stage, written: Written, beside: () => Promise<void> = async () => undefined): Promise<number> {
  const { prefix } = await stage.openAt(await stage.store.head());
  const lanes = [...written].map(([name, operations]) => ({
    collection: stage.connection.db.collection(`${prefix}${name}`),
    writes: writesOf(name, operations),
  }));
  const { ms } = await timed(() =>
    Promise.all([
      beside(),
      ...lanes.map(async ({ collection, writes }) => {
        for (let at = 0; at < writes.length; at += A_REQUEST) await collection.bulkWrite(writes.slice(at, at + A_REQUEST));
      }),
    ]),
  );
  return ms;
}

/** What is written first is inserted, what is written again replaced, without a look at what is there. */
function writesOf(name: string, operations: readonly Operation[]): AnyBulkWriteOperation[] {
  const fields = new Set(views.find((view) => collectionOf(view) === name)?.indexes.flat());
  const known = new Set<string>();
  return operations.map((operation) => {
    const filter: Document = { _id: operation.id };
    const row = rowOf(operation, fields);
    if (known.has(operation.id)) return { replaceOne: { filter, replacement: row } };
    known.add(operation.id);
    return { insertOne: { document: { ...filter, ...row } } };
  });
}
