import { randomUUID } from 'node:crypto';
import type { BrokerMessage } from '../../src/adapters/broker/port.ts';
import type { EventStore, EventToAppend } from '../../src/adapters/event-store/port.ts';
import { MessageSent } from '../../src/domain/conversation/index.ts';
import type { JsonObject, NewEvent } from '../../src/domain/event.ts';
import type { ConversationId, MessageId, PersonId } from '../../src/domain/ids.ts';

export const subject = 'person_ada' as PersonId;

/** As it is stored, its secret part standing for a ciphertext. */
export function stored({ type, version, data, secret }: NewEvent, time = '2026-01-01T00:00:00.000Z'): EventToAppend {
  const id = randomUUID();
  const sealed: JsonObject = secret === undefined ? {} : { sealed: { k: 'key_1', a: id, c: Buffer.from(JSON.stringify(secret)).toString('base64') } };
  const metadata = { $correlationId: id, $causationId: id, commandId: id, commandHash: '', actor: subject, subject, time };
  return { id, type, version, data: { ...(data as JsonObject), ...sealed }, metadata };
}

/** Appends so many messages to a conversation, one append each, as `any`. */
export async function sendMessages(store: EventStore, conversation: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const conversationId = `thread_${conversation}` as ConversationId;
    const sent = MessageSent({
      conversationId,
      messageId: `msg_${conversation}${n}` as MessageId,
      parentId: null,
      height: n,
      role: 'user',
      fileIds: [],
      parts: [],
    });
    const appended = await store.append(`conversation-${conversationId}`, [stored(sent)], 'any');
    if (!appended.ok) throw new Error(appended.code);
  }
}

/** What a reader keeps that drops repeats by stream and revision: of each stream the revisions, in the order in which they came first. */
export function firstTimes(messages: readonly BrokerMessage[]): Map<string, number[]> {
  const streams = new Map<string, number[]>();
  for (const { key, headers } of messages) {
    const revisions = streams.get(key) ?? [];
    const revision = Number(headers.annals_revision);
    if (!revisions.includes(revision)) revisions.push(revision);
    streams.set(key, revisions);
  }
  return streams;
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
