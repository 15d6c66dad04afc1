import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { EventStore } from '../../../src/adapters/event-store/port.ts';
import { openSqliteEventStore } from '../../../src/adapters/event-store/sqlite.ts';
import { eventsFile } from '../../../src/adapters/event-store/sqlite-file.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';

/** An empty folder, removed with what is in it when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'annals-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export async function openStore(options: Parameters<typeof openSqliteEventStore>[0]): Promise<EventStore> {
  const store = await openSqliteEventStore(options);
  onTestFinished(() => store.close());
  return store;
}

/** A closed log of two streams, `count` events each, one after the other by turns. */
export async function writtenFolder(count: number, text = 'text'): Promise<string> {
  const folder = temporaryFolder();
  const store = await openSqliteEventStore({ folder });
  for (let n = 0; n < count; n += 1) {
    for (const stream of ['a-1', 'a-2']) await store.append(stream, [eventToAppend({ n, text })], n === 0 ? 'noStream' : BigInt(n - 1));
  }
  await store.close();
  return folder;
}

/** Changes a closed log as somebody with the file in hand could. */
export function tamper(folder: string, sql: string): void {
  const database = new DatabaseSync(eventsFile(folder));
  database.exec('DROP TRIGGER events_stay; DROP TRIGGER events_stay_as_they_are');
  database.exec(sql);
  database.close();
}
