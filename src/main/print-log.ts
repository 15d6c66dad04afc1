import type { EventStore } from '../adapters/event-store/port.ts';
import type { Settings } from '../settings.ts';
import { fail } from './fail.ts';

/** `thread_…` means its conversation's stream, and so on; anything else is a stream's own name. */
const streamOf = (name: string): string => {
  if (name.startsWith('thread_')) return `conversation-${name}`;
  if (name.startsWith('run_')) return `run-${name}`;
  if (name.startsWith('person_')) return `person-${name}`;
  return name.startsWith('file-file-') || !name.startsWith('file-') ? name : `file-${name}`;
};

/** Prints a stream, also beside a running server; sealed parts stay sealed. */
export async function printLog(settings: Settings, name: string, asJson: boolean): Promise<void> {
  const store = await openForReading(settings);
  let count = 0;
  for await (const { revision, ...event } of store.read(streamOf(name))) {
    count++;
    const line = asJson
      ? JSON.stringify({ ...event, revision: String(revision) })
      : `${String(revision).padStart(4)}  ${event.metadata.time}  ${event.type} v${event.version}  by ${event.metadata.actor}\n      ${JSON.stringify(event.data)}`;
    process.stdout.write(`${line}\n`);
  }
  await store.close();
  if (count === 0) fail(`There are no events in ${streamOf(name)}.`);
}

async function openForReading({ EVENTSTORE_URL: url, ANNALS_DATA: folder }: Settings): Promise<EventStore> {
  if (url !== undefined) return (await import('../adapters/event-store/eventstoredb.ts')).openEventStoreDb({ url });
  return (await import('../adapters/event-store/sqlite.ts')).openSqliteEventStore({ folder, readOnly: true });
}
