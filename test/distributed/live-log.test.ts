import { describe, expect, it } from 'vitest';
import { openMongoLiveLog } from '../../src/adapters/live-log/mongodb.ts';
import type { LiveLog } from '../../src/adapters/live-log/port.ts';
import { describeLiveLogs, type OpenedLiveLog } from '../contract/live-log.ts';
import { newTestDatabase, type TestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

const variants = [
  { name: 'in MongoDB', streams: true },
  { name: 'in MongoDB without change streams', streams: false },
];

async function openIn(database: TestDatabase, streams: boolean): Promise<LiveLog> {
  const connection = await database.connect();
  return openMongoLiveLog({ ...connection, changeStreams: connection.changeStreams && streams });
}

async function openMongo(streams: boolean): Promise<OpenedLiveLog> {
  const database = newTestDatabase();
  const opened = [await openIn(database, streams)];
  const reopen = async () => {
    await opened.at(-1)?.close();
    opened.push(await openIn(database, streams));
    return opened.at(-1)!;
  };
  const remove = async () => {
    await opened.at(-1)?.close();
    await database.remove();
  };
  return { log: opened[0]!, reopen, remove };
}

const entry = (run: string, sequence: number) => ({ run, segment: 0, epoch: 1, sequence, sealed: { k: 'key_1', a: `${run} ${sequence}`, c: '' } });

describeWith(['MONGODB_URL'], 'between processes', () => {
  describeLiveLogs(variants.map(({ name, streams }) => ({ name, open: () => openMongo(streams) })));

  describe.each(variants)('the live log $name', ({ streams }) => {
    it('lets a reader in another process that waits for its wake-ups miss nothing', async () => {
      const database = newTestDatabase();
      const [writer, reader] = await Promise.all([openIn(database, streams), openIn(database, streams)]);
      const runs = ['run_1', 'run_10', 'run_2'];
      const total = 60;
      const follow = async (run: string) => {
        const seen: number[] = [];
        let last: ReturnType<typeof entry> | undefined;
        let wake = () => {};
        let woken = new Promise<void>((resolve) => (wake = resolve));
        const stop = reader.subscribe(run, () => wake());
        while (seen.length < total) {
          const fresh = await reader.read(run, last);
          if (fresh.length === 0) {
            await woken;
            woken = new Promise<void>((resolve) => (wake = resolve));
          }
          for (const { sequence } of fresh) {
            seen.push(sequence);
            last = entry(run, sequence);
          }
        }
        stop();
        return seen;
      };
      const followed = Promise.all(runs.map(follow));
      for (let sequence = 0; sequence < total; sequence += 1) await Promise.all(runs.map((run) => writer.append(entry(run, sequence))));
      const all = Array.from({ length: total }, (_, sequence) => sequence);
      expect(await followed).toEqual([all, all, all]);
      await Promise.all([writer.close(), reader.close()]);
      await database.remove();
    });
  });

  it('keeps the first write of a place also between processes', async () => {
    const database = newTestDatabase();
    const [one, other] = await Promise.all([openIn(database, true), openIn(database, true)]);
    const places = Array.from({ length: 50 }, (_, sequence) => entry('run_1', sequence));
    const appended = await Promise.all(
      [one, other].map((log, index) => Promise.all(places.map((place) => log.append({ ...place, sealed: { k: 'key_1', a: `${index}`, c: '' } })))),
    );
    expect(appended.flat()).toHaveLength(100);
    const first = await one.read('run_1');
    expect(first.map(({ sequence }) => sequence)).toEqual(places.map(({ sequence }) => sequence));
    await other.append({ ...entry('run_1', 0), sealed: { k: 'key_1', a: 'late', c: '' } });
    expect(await other.read('run_1')).toEqual(first);
    await database.remove();
  });
});
