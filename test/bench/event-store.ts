import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type EventStore, type EventToAppend, START } from '../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { openForWriting } from '../../src/adapters/event-store/sqlite-file.ts';
import { type Bench, inFolder, interleaved, median, perSecond, rate, ratioOf, timed } from './measure.ts';
import { insertSql, sampleMessage, writeSampleLog } from './sample-log.ts';

const WRITERS = 64;

/** The same events, written by a bare handle with the same durability, one transaction each. */
const bareInserts = (events: readonly EventToAppend[]): Promise<number> =>
  inFolder(async (folder) => {
    const database = openForWriting(folder);
    const insert = database.prepare(insertSql);
    const { ms } = await timed(() => {
      for (const [revision, { id, type, version, data, metadata }] of events.entries()) {
        insert.run('bench-1', revision, id, type, version, JSON.stringify(data), JSON.stringify(metadata), 0, Buffer.alloc(32));
      }
    });
    database.close();
    return perSecond(events.length, ms);
  });

const inStore = (count: number, work: (store: EventStore) => Promise<unknown>): Promise<number> =>
  inFolder(async (folder) => {
    const store = await openSqliteEventStore({ folder });
    const { ms } = await timed(() => work(store));
    await store.close();
    return perSecond(count, ms);
  });

const oneByOne = (events: readonly EventToAppend[]): Promise<number> =>
  inStore(events.length, async (store) => {
    for (const [index, one] of events.entries()) await store.append('bench-1', [one], index === 0 ? 'noStream' : BigInt(index - 1));
  });

const manyAtOnce = (events: readonly EventToAppend[]): Promise<number> =>
  inStore(events.length, (store) =>
    Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let index = writer; index < events.length; index += WRITERS)
          await store.append(`bench-${writer}`, events.slice(index, index + 1), 'any');
      }),
    ),
  );

const bareSyncs = (events: readonly EventToAppend[]): Promise<number> =>
  inFolder(async (folder) => {
    const file = openSync(join(folder, 'log'), 'w');
    const { ms } = await timed(() => {
      for (const one of events) {
        writeSync(file, `${JSON.stringify(one)}\n`);
        fdatasyncSync(file);
      }
    });
    closeSync(file);
    return perSecond(events.length, ms);
  });

const messages = (count: number): EventToAppend[] => Array.from({ length: count }, (_, n) => sampleMessage('thread_bench', n));

export const append: Bench = {
  title: 'Appending',
  async run({ quick }) {
    const appends = quick ? 100 : 1000;
    const { single, inserts, many, syncs } = await interleaved(quick ? 1 : 5, {
      single: () => oneByOne(messages(appends)),
      inserts: () => bareInserts(messages(appends)),
      many: () => manyAtOnce(messages(appends * 4)),
      syncs: () => bareSyncs(messages(appends)),
    });
    const alone = ratioOf(single, inserts);
    const together = ratioOf(many, syncs);
    return [
      {
        what: '`append` one event after the other, against inserts by a bare `node:sqlite` handle with `synchronous=FULL`',
        figure: rate(median(single)),
        beside: rate(median(inserts)),
        ratio: alone,
        aim: '≥ 0.8×',
        met: alone >= 0.8,
      },
      {
        what: `\`append\` by ${WRITERS} at once, against a line written and an \`fdatasync\` for each event`,
        figure: rate(median(many)),
        beside: rate(median(syncs)),
        ratio: together,
        aim: '≥ 1×',
        met: together >= 1,
      },
    ];
  },
};

async function replayWhole(store: EventStore): Promise<number> {
  const ending = new AbortController();
  let events = 0;
  for await (const batch of store.tail(START, { signal: ending.signal })) {
    events += batch.events.length;
    if (batch.caughtUp) ending.abort();
  }
  return events;
}

/** The log as lines of JSON, in pieces that a string can hold. */
async function linesOf(store: EventStore): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  const ending = new AbortController();
  for await (const { events, caughtUp } of store.tail(START, { signal: ending.signal })) {
    pieces.push(Buffer.from(events.map((event) => JSON.stringify({ ...event, revision: Number(event.revision) })).join('\n')));
    if (caughtUp) ending.abort();
  }
  return pieces;
}

function parseLines(pieces: readonly Buffer[]): number {
  let events = 0;
  for (const piece of pieces) for (const line of piece.toString().split('\n')) if (JSON.parse(line)) events += 1;
  return events;
}

export const replay: Bench = {
  title: 'Replaying',
  async run({ quick }) {
    const events = quick ? 20_000 : 1_000_000;
    return inFolder(async (folder) => {
      writeSampleLog(folder, events);
      const store = await openSqliteEventStore({ folder });
      const pieces = await linesOf(store);
      const { log, lines } = await interleaved(quick ? 1 : 3, {
        log: async () => timed(() => replayWhole(store)).then(({ ms, result }) => perSecond(result, ms)),
        lines: async () => timed(() => parseLines(pieces)).then(({ ms, result }) => perSecond(result, ms)),
      });
      await store.close();
      const ratio = ratioOf(log, lines);
      return [
        {
          what: `the whole log of ${events.toLocaleString('en')} events read through \`tail\`, nothing opened, against \`JSON.parse\` of the same as NDJSON in memory`,
          figure: rate(median(log)),
          beside: rate(median(lines)),
          ratio,
          aim: '≥ 0.75×',
          met: ratio >= 0.75,
        },
      ];
    });
  },
};
