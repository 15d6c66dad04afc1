import { progress } from '@clack/prompts';
import { leafOf, storedEvent } from '../adapters/event-store/leaf.ts';
import { START } from '../adapters/event-store/port.ts';
import { type EventProblem, type EventVerification, verifyEvents } from '../adapters/event-store/verify.ts';
import { checkHeads } from '../adapters/event-store/verify-heads.ts';
import type { SignedHead } from '../adapters/evidence/port.ts';
import type { Settings } from '../settings.ts';
import { type ExpectedHeads, expectedHeads, type HeadOptions } from './verify-heads.ts';

/**
 * Checks the whole log, against the heads that were exported of it too, and says what is wrong with it; exits 1 when something is. Works beside a running
 * server. An EventStoreDB keeps no leaves: there they are computed, and compared with the heads alone.
 */
export async function verify(settings: Settings, options: HeadOptions = {}): Promise<void> {
  const { ANNALS_DATA: folder, EVENTSTORE_URL: url } = settings;
  // Before the log, which only grows.
  const expected = await expectedHeads(settings, options);
  const { events, problems } = url === undefined ? await verifyFolder(folder, expected.heads) : await verifyServer(url, expected.heads);
  const found = [...expected.problems, ...problems.map(lineOf)];
  for (const sentence of found) process.stdout.write(`verify: ${sentence}\n`);
  if (found.length === 0) {
    const right = url === undefined ? 'every leaf, revision and position is right' : 'every revision is right';
    process.stdout.write(`verify: ${events} events, ${right}${saidOfHeads(expected)}\n`);
    return;
  }
  process.stdout.write(`verify: ${found.length} problems in ${events} events. Put the log back from its backup; do not go on writing to it.\n`);
  process.exitCode = 1;
}

const lineOf = ({ position, stream, revision, what }: EventProblem): string =>
  `${stream ? `event ${revision} of ${stream} at ${position}: ` : position > 0 ? `at ${position}: ` : ''}${what}`;

function saidOfHeads({ heads, publicKey }: ExpectedHeads): string {
  const last = heads.at(-1);
  if (!last) return '; no head of it has been exported yet';
  const signed = publicKey === undefined ? 'whose signatures were not checked, for want of a --key' : `signed with the key ${publicKey}`;
  return `, and so are ${heads.length} exported heads, the last over ${last.size} events at ${last.time}, ${signed}`;
}

async function verifyFolder(folder: string, heads: readonly SignedHead[]): Promise<EventVerification> {
  const bar = process.stdout.isTTY ? progress({ style: 'heavy', max: 100 }) : undefined;
  bar?.start('Checking every event');
  let percent = 0;
  const verified = await verifyEvents(folder, {
    heads,
    onProgress: (checked, total) => {
      const now = Math.floor((checked / Math.max(1, total)) * 100);
      bar?.advance(now - percent, `${checked} of ${total} events`);
      percent = now;
    },
  });
  bar?.stop(`${verified.events} events checked`);
  return verified;
}

async function verifyServer(url: string, heads: readonly SignedHead[]): Promise<EventVerification> {
  const store = await (await import('../adapters/event-store/eventstoredb.ts')).openEventStoreDb({ url });
  const revisions = new Map<string, bigint>();
  const exported = checkHeads(heads);
  const problems: EventProblem[] = [];
  const stop = new AbortController();
  let events = 0;
  for await (const batch of store.tail(START, { signal: stop.signal })) {
    for (const event of batch.events) {
      const { stream, revision, position } = event;
      const expected = (revisions.get(stream) ?? -1n) + 1n;
      revisions.set(stream, revision);
      events++;
      exported.add(leafOf(storedEvent(event)));
      if (revision !== expected)
        problems.push({ position: Number(position), stream, revision: Number(revision), what: `its revision should be ${expected}` });
    }
    if (batch.caughtUp) stop.abort();
  }
  await store.close();
  return { events, problems: [...problems, ...exported.problems().map((what) => ({ position: 0, stream: '', revision: 0, what }))] };
}
