import { progress } from '@clack/prompts';
import { START } from '../adapters/event-store/port.ts';
import { verifyEvents } from '../adapters/event-store/verify.ts';
import type { Settings } from '../settings.ts';

/** Checks the whole log and says what is wrong with it; exits 1 when something is. Works beside a running server. An EventStoreDB keeps no leaves, so there only the order of each stream is checked. */
export async function verify({ ANNALS_DATA: folder, EVENTSTORE_URL: url }: Settings): Promise<void> {
  if (url !== undefined) return verifyServer(url);
  const bar = process.stdout.isTTY ? progress({ style: 'heavy', max: 100 }) : undefined;
  bar?.start('Checking every event');
  let percent = 0;
  const { events, problems } = await verifyEvents(folder, {
    onProgress: (checked, total) => {
      const now = Math.floor((checked / Math.max(1, total)) * 100);
      bar?.advance(now - percent, `${checked} of ${total} events`);
      percent = now;
    },
  });
  bar?.stop(`${events} events checked`);
  if (problems.length === 0) {
    process.stdout.write(`verify: ${events} events, every leaf, revision and position is right\n`);
    return;
  }
  for (const { position, stream, revision, what } of problems)
    process.stdout.write(`verify: ${stream ? `event ${revision} of ${stream} at ${position}: ` : position > 0 ? `at ${position}: ` : ''}${what}\n`);
  process.stdout.write(`verify: ${problems.length} problems in ${events} events. Put the log back from its backup; do not go on writing to it.\n`);
  process.exitCode = 1;
}

async function verifyServer(url: string): Promise<void> {
  const store = await (await import('../adapters/event-store/eventstoredb.ts')).openEventStoreDb({ url });
  const revisions = new Map<string, bigint>();
  const stop = new AbortController();
  let events = 0;
  let problems = 0;
  for await (const batch of store.tail(START, { signal: stop.signal })) {
    for (const { stream, revision, position } of batch.events) {
      const expected = (revisions.get(stream) ?? -1n) + 1n;
      revisions.set(stream, revision);
      events++;
      if (revision === expected) continue;
      problems++;
      process.stdout.write(`verify: event ${revision} of ${stream} at ${position}: its revision should be ${expected}\n`);
    }
    if (batch.caughtUp) stop.abort();
  }
  await store.close();
  process.stdout.write(problems === 0 ? `verify: ${events} events, every revision is right\n` : `verify: ${problems} problems in ${events} events\n`);
  if (problems > 0) process.exitCode = 1;
}
