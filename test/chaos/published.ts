import { setTimeout as sleep } from 'node:timers/promises';
import { openMongoDocumentStore } from '../../src/adapters/document-store/mongodb.ts';
import type { EventStore } from '../../src/adapters/event-store/port.ts';
import type { MongoConnection } from '../../src/adapters/mongo/connection.ts';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { sharedSecret } from '../../src/main/distributed.ts';
import { derivedSecret } from '../../src/main/installation.ts';
import { readSettings } from '../../src/settings.ts';
import { translator } from '../../src/workers/gateway/message.ts';
import { openPlaces } from '../../src/workers/gateway/place.ts';
import { createPseudonyms } from '../../src/workers/gateway/pseudonym.ts';
import { channelsOf } from '../../src/workers/gateway/topics.ts';
import { wholeLog } from '../../src/workers/shard.ts';
import { readTopics } from '../distributed/broker-reader.ts';

export interface Published {
  readonly messages: number;
  readonly repeats: number;
  readonly broken: readonly string[];
}

/** What readers of the topics have to find: for each key the ids of its events, in order. */
export interface Expected {
  note(event: RecordedEvent): void;
  readonly idsOf: ReadonlyMap<string, readonly string[]>;
  readonly topics: readonly string[];
}

/** Works out from the settings of the installation what of its log is public. */
export async function expectedOf(environment: Readonly<Record<string, string>>): Promise<Expected> {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.message);
  const pseudonym = createPseudonyms(derivedSecret(await sharedSecret(read.settings), 'annals pseudonyms'));
  const prefix = read.settings.KAFKA_TOPIC_PREFIX;
  const translate = translator({ prefix, source: '/annals', pseudonym });
  const idsOf = new Map<string, string[]>();
  return {
    idsOf,
    topics: channelsOf(prefix).map(({ topic }) => topic),
    note(event) {
      const translated = translate(event, '');
      if (translated.kind !== 'public') return;
      const { key } = translated.message;
      const ids = idsOf.get(key);
      if (ids) ids.push(event.id);
      else idsOf.set(key, [event.id]);
    },
  };
}

/** Whether the gateway has come to the end of the log in time, by the place it has saved. */
export async function hasPublished(store: EventStore, connection: MongoConnection, limitMs: number): Promise<boolean> {
  const places = await openPlaces(await openMongoDocumentStore({ connection, prefix: 'state.' }), wholeLog);
  const head = await store.head();
  const begun = performance.now();
  while (performance.now() - begun < limitMs) {
    if (((await places.read())?.position ?? '') >= head) return true;
    await sleep(200);
  }
  return false;
}

/** Reads every topic, drops repeats by stream and revision, and compares with the log. */
export async function checkPublished(expected: Expected, brokers: readonly string[]): Promise<Published> {
  const messages = await readTopics(expected.topics, brokers);
  const seen = new Set<string>();
  const found = new Map<string, { readonly revisions: bigint[]; readonly ids: string[] }>();
  let repeats = 0;
  for (const { key, headers } of messages) {
    const revision = `${key} ${headers.annals_revision}`;
    if (seen.has(revision)) {
      repeats++;
      continue;
    }
    seen.add(revision);
    const first = found.get(key) ?? { revisions: [], ids: [] };
    found.set(key, first);
    first.revisions.push(BigInt(headers.annals_revision ?? -1));
    first.ids.push(headers.ce_id ?? '');
  }
  const broken: string[] = [];
  for (const [key, { revisions }] of found) {
    const at = revisions.findIndex((revision, index) => index > 0 && revision <= (revisions[index - 1] ?? -1n));
    if (at > 0) broken.push(`Kafka: ${key} came as revision ${revisions[at - 1]} and then ${revisions[at]}`);
  }
  for (const [key, ids] of expected.idsOf) {
    const there = new Set(found.get(key)?.ids);
    const missing = ids.filter((id) => !there.has(id));
    if (missing.length > 0) broken.push(`Kafka: ${missing.length} of ${ids.length} events of ${key} are missing`);
    if (there.size > ids.length) broken.push(`Kafka: ${key} has ${there.size} events, the log ${ids.length}`);
  }
  for (const key of found.keys()) if (!expected.idsOf.has(key)) broken.push(`Kafka: ${key} is not in the log`);
  return { messages: messages.length, repeats, broken };
}
