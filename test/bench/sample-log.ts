import { randomBytes, randomUUID } from 'node:crypto';
import { encodeAppend } from '../../src/adapters/event-store/encode.ts';
import { leafOf } from '../../src/adapters/event-store/leaf.ts';
import type { EventToAppend } from '../../src/adapters/event-store/port.ts';
import { openForWriting } from '../../src/adapters/event-store/sqlite-file.ts';
import type { JsonObject } from '../../src/domain/event.ts';
import { PersonId } from '../../src/domain/ids.ts';

const time = '2026-01-02T03:04:05.678Z';
/** As long as a message of some two hundred letters is when sealed. */
const ciphertext = randomBytes(240).toString('base64');

export const insertSql =
  'INSERT INTO events (stream, revision, id, type, version, data, metadata, stored_at, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';

function sampleEvent(type: string, data: JsonObject, subject: PersonId): EventToAppend {
  const id = randomUUID();
  const commandId = randomUUID();
  return {
    id,
    type,
    version: 1,
    data,
    metadata: {
      $correlationId: commandId,
      $causationId: commandId,
      commandId,
      commandHash: randomBytes(32).toString('hex'),
      actor: subject,
      subject,
      time,
    },
  };
}

const sealed = (): JsonObject => ({ k: 'key_0123456789abcdef0123456789abcdef', a: randomUUID(), c: ciphertext });

/** An event as sending a message leaves it. */
export const sampleMessage = (conversationId: string, n: number, subject = PersonId.parse('person_bench')): EventToAppend =>
  sampleEvent(
    'MessageSent',
    {
      conversationId,
      messageId: `msg_${conversationId}${n}`,
      parentId: n === 0 ? null : `msg_${conversationId}${n - 1}`,
      height: n,
      role: 'user',
      fileIds: [],
      sealed: sealed(),
    },
    subject,
  );

const MESSAGES = 19;
export const EVENTS_PER_CONVERSATION = MESSAGES + 1;

/** A conversation of twenty events, one of that log; the answers have no runs, so nothing is taken over at a start. */
export function sampleConversation(number: number, log = ''): { readonly stream: string; readonly events: readonly EventToAppend[] } {
  const subject = PersonId.parse(`person_${number % 1000}`);
  const conversationId = `thread_sample${log}${number}`;
  const started = sampleEvent('ConversationStarted', { conversationId, titled: true, sealed: sealed() }, subject);
  const sent = Array.from({ length: MESSAGES }, (_, n) => sampleMessage(conversationId, n, subject));
  return { stream: `conversation-${conversationId}`, events: [started, ...sent] };
}

/** Writes so many events into the folder's log, in conversations of twenty: the bytes that appends would leave, without their durability. */
export function writeSampleLog(folder: string, size: number): void {
  const database = openForWriting(folder);
  const insert = database.prepare(insertSql);
  database.exec('BEGIN');
  for (let number = 0; number * EVENTS_PER_CONVERSATION < size; number += 1) {
    const { stream, events } = sampleConversation(number);
    const { events: encoded } = encodeAppend(stream, events, 'noStream');
    for (const [revision, { id, type, version, data, metadata }] of encoded.entries()) {
      insert.run(stream, revision, id, type, version, data, metadata, 0, leafOf({ id, type, version, stream, revision, data, metadata }));
    }
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
