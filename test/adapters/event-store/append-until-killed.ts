import { openSqliteEventStore } from '../../../src/adapters/event-store/sqlite.ts';
import { eventToAppend } from '../../contract/event-store-samples.ts';

/** Eight writers append to a stream each, and print every acknowledgement: stream, revision, position, id of the last event. */
const store = await openSqliteEventStore({ folder: process.argv[2] ?? '' });
const round = process.argv[3] ?? '';

async function write(stream: string): Promise<never> {
  for (let n = 0; ; n += 1) {
    const events = Array.from({ length: 1 + (n % 3) }, () => eventToAppend({ n, round }));
    const result = await store.append(stream, events, 'any');
    if (result.ok) process.stdout.write(`${stream} ${result.revision} ${result.position} ${events.at(-1)?.id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(`note-${writer}`)));
