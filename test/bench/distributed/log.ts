import { randomUUID } from 'node:crypto';
import type { EventStore } from '../../../src/adapters/event-store/port.ts';
import { EVENTS_PER_CONVERSATION, sampleConversation } from '../sample-log.ts';

const WRITERS = 16;

/** Appends conversations of twenty events, each as one append, several at once; the events are made before the first is sent. */
export function conversationsToAppend(store: EventStore, events: number): () => Promise<void> {
  const run = randomUUID().slice(0, 8);
  const conversations = Array.from({ length: Math.ceil(events / EVENTS_PER_CONVERSATION) }, (_, number) => sampleConversation(number, run));
  return async () => {
    let next = 0;
    await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        for (let conversation = conversations[next++]; conversation; conversation = conversations[next++]) {
          const stored = await store.append(conversation.stream, conversation.events, 'noStream');
          if (!stored.ok) throw new Error(`The append was answered with ${stored.code}.`);
        }
      }),
    );
  };
}
