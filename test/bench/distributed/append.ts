import { randomUUID } from 'node:crypto';
import type { EventData, EventStoreDBClient } from '@eventstore/db-client';
import { openEventStoreDb } from '../../../src/adapters/event-store/eventstoredb.ts';
import type { EventStore, EventToAppend } from '../../../src/adapters/event-store/port.ts';
import { type Bench, interleaved, median, perSecond, rate, ratioOf, timed } from '../measure.ts';
import { sampleMessage } from '../sample-log.ts';
import { withServers } from './servers.ts';

const WRITERS = 64;
const AIM = 0.9;

/** Stores one event, expecting the stream to stand there. */
type Append = (stream: string, event: EventToAppend, after: number) => Promise<void>;

const messages = (count: number): EventToAppend[] => Array.from({ length: count }, (_, n) => sampleMessage('thread_bench', n));
/** Never met before, on whatever server. */
const newStream = (): string => `bench-${randomUUID()}`;

async function alone(append: Append, events: readonly EventToAppend[]): Promise<number> {
  const stream = newStream();
  const { ms } = await timed(async () => {
    for (const [index, event] of events.entries()) await append(stream, event, index - 1);
  });
  return perSecond(events.length, ms);
}

async function atOnce(append: Append, events: readonly EventToAppend[]): Promise<number> {
  const { ms } = await timed(() =>
    Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const stream = newStream();
        const own = events.filter((_, index) => index % WRITERS === writer);
        for (const [index, event] of own.entries()) await append(stream, event, index - 1);
      }),
    ),
  );
  return perSecond(events.length, ms);
}

const throughAdapter =
  (store: EventStore): Append =>
  async (stream, event, after) => {
    const stored = await store.append(stream, [event], after < 0 ? 'noStream' : BigInt(after));
    if (!stored.ok) throw new Error(`The append was answered with ${stored.code}.`);
  };

/** The same event in the same place with the same metadata, and nothing else. */
const throughClient =
  (client: EventStoreDBClient, noStream: 'no_stream'): Append =>
  async (stream, { id, type, version, data, metadata }, after) => {
    const event = { id, type, contentType: 'application/json', data, metadata: { schemaVersion: version, ...metadata } } satisfies EventData;
    const { success } = await client.appendToStream(stream, event, { expectedRevision: after < 0 ? noStream : BigInt(after) });
    if (!success) throw new Error('The append was refused.');
  };

export const appends: Bench = {
  title: 'Appending to EventStoreDB',
  run: ({ quick }) =>
    withServers(['EVENTSTORE_URL'], async ({ EVENTSTORE_URL: { url, what } }) => {
      const { EventStoreDBClient, NO_STREAM } = await import('@eventstore/db-client');
      const store = await openEventStoreDb({ url });
      const client = EventStoreDBClient.connectionString(url);
      const [adapter, bare] = [throughAdapter(store), throughClient(client, NO_STREAM)];
      const [few, many] = quick ? [200, 640] : [1000, 6400];
      for (const warm of [adapter, bare]) await atOnce(warm, messages(few));
      const figures = await interleaved(quick ? 1 : 7, {
        one: () => alone(adapter, messages(few)),
        bareOne: () => alone(bare, messages(few)),
        all: () => atOnce(adapter, messages(many)),
        bareAll: () => atOnce(bare, messages(many)),
      });
      await store.close();
      await client.dispose();
      const row = (how: string, ours: readonly number[], theirs: readonly number[]) => {
        const ratio = ratioOf(ours, theirs);
        return { what: how, figure: rate(median(ours)), beside: rate(median(theirs)), ratio, aim: `≥ ${AIM}×`, met: ratio >= AIM };
      };
      return [
        row(`\`append\` one event after the other, against the bare \`@eventstore/db-client\`; server: ${what}`, figures.one, figures.bareOne),
        row(`\`append\` by ${WRITERS} at once, each to its own stream, against the same by the bare client`, figures.all, figures.bareAll),
      ];
    }),
};
