import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedEvent } from '../../src/adapters/event-store/encode.ts';
import { encodeAppend } from '../../src/adapters/event-store/encode.ts';
import { leafOf } from '../../src/adapters/event-store/leaf.ts';
import { type EventToAppend, START } from '../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../src/adapters/event-store/sqlite.ts';
import { openForWriting } from '../../src/adapters/event-store/sqlite-file.ts';
import { PersonId } from '../../src/domain/ids.ts';

/** One line of the report: what was done, how often a second, and how that compares with the bare thing (1 is as fast). */
export type Report = (line: { readonly what: string; readonly perSecond: number; readonly ratio?: number }) => void;

const insertSql = 'INSERT INTO events (stream, revision, id, type, version, data, metadata, stored_at, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
const subject = PersonId.parse('person_bench');

const event = (n: number): EventToAppend => ({
  id: randomUUID(),
  type: 'MessageSent',
  version: 1,
  data: { height: n, messageId: `msg_${n}`, parentId: null },
  metadata: {
    $correlationId: randomUUID(),
    $causationId: randomUUID(),
    commandId: randomUUID(),
    commandHash: '0123456789abcdef0123456789abcdef',
    actor: 'person_bench',
    subject,
    time: '2026-01-02T03:04:05.678Z',
  },
});

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function perSecond(count: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}

/** The same events, written by a bare handle with the same durability, one transaction each. */
const bareInserts = (events: readonly EventToAppend[]): Promise<number> =>
  inFolder(async (folder) => {
    const database = openForWriting(folder);
    const insert = database.prepare(insertSql);
    const rate = await perSecond(events.length, () => {
      for (const [revision, { id, type, version, data, metadata }] of events.entries()) {
        insert.run('bench-1', revision, id, type, version, JSON.stringify(data), JSON.stringify(metadata), 0, Buffer.alloc(32));
      }
    });
    database.close();
    return rate;
  });

const oneByOne = (events: readonly EventToAppend[]): Promise<number> =>
  inFolder(async (folder) => {
    const store = await openSqliteEventStore({ folder });
    const rate = await perSecond(events.length, async () => {
      for (const [index, one] of events.entries()) await store.append('bench-1', [one], index === 0 ? 'noStream' : BigInt(index - 1));
    });
    await store.close();
    return rate;
  });

const manyAtOnce = (events: readonly EventToAppend[], writers: number): Promise<number> =>
  inFolder(async (folder) => {
    const store = await openSqliteEventStore({ folder });
    const rate = await perSecond(events.length, () =>
      Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let index = writer; index < events.length; index += writers)
            await store.append(`bench-${writer}`, events.slice(index, index + 1), 'any');
        }),
      ),
    );
    await store.close();
    return rate;
  });

const bareSyncs = (events: readonly EventToAppend[]): Promise<number> =>
  inFolder(async (folder) => {
    const file = openSync(join(folder, 'log'), 'w');
    const rate = await perSecond(events.length, () => {
      for (const one of events) {
        writeSync(file, `${JSON.stringify(one)}\n`);
        fdatasyncSync(file);
      }
    });
    closeSync(file);
    return rate;
  });

async function benchReplay(report: Report, count: number): Promise<void> {
  await inFolder(async (folder) => {
    const encoded: readonly EncodedEvent[] = encodeAppend(
      'bench-1',
      Array.from({ length: count }, (_, n) => event(n)),
      'any',
    ).events;
    const database = openForWriting(folder);
    const insert = database.prepare(insertSql);
    database.exec('BEGIN');
    for (const [revision, { id, type, version, data, metadata }] of encoded.entries()) {
      const leaf = leafOf({ id, type, version, stream: 'bench-1', revision, data, metadata });
      insert.run('bench-1', revision, id, type, version, data, metadata, 0, leaf);
    }
    database.exec('COMMIT');
    database.close();

    const opening = performance.now();
    const store = await openSqliteEventStore({ folder });
    await store.head();
    report({ what: `openings of a log of ${count}`, perSecond: 1000 / (performance.now() - opening) });
    const ndjson = await replayText(store);
    for (let round = 0; round < 3; round += 1) {
      const parse = await perSecond(count, () => ndjson.split('\n').map((line) => JSON.parse(line)).length);
      const replay = await perSecond(count, async () => {
        const ending = new AbortController();
        for await (const { caughtUp } of store.tail(START, { signal: ending.signal })) if (caughtUp) ending.abort();
      });
      report({ what: 'events replayed, against JSON.parse of NDJSON', perSecond: replay, ratio: replay / parse });
    }
    await store.close();
  });
}

async function replayText(store: Awaited<ReturnType<typeof openSqliteEventStore>>): Promise<string> {
  const lines: string[] = [];
  for await (const one of store.read('bench-1')) lines.push(JSON.stringify({ ...one, revision: Number(one.revision) }));
  return lines.join('\n');
}

/** Every figure stands beside the bare operation measured in the same minute on the same disk. */
export async function benchEventStore(report: Report, { appends = 1500, replayed = 200_000 } = {}): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const events = Array.from({ length: appends }, (_, n) => event(n));
    const bare = await bareInserts(events);
    const single = await oneByOne(events);
    report({ what: 'appends one by one, against bare inserts', perSecond: single, ratio: single / bare });
    const syncs = await bareSyncs(events);
    const group = await manyAtOnce(
      Array.from({ length: appends * 4 }, (_, n) => event(n)),
      64,
    );
    report({ what: 'appends by 64 at once, against an fdatasync each', perSecond: group, ratio: group / syncs });
  }
  await benchReplay(report, replayed);
}
