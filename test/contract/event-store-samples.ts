import { randomUUID } from 'node:crypto';
import type { EventStore, EventToAppend, Position, TailBatch } from '../../src/adapters/event-store/port.ts';
import type { JsonObject, RecordedEvent } from '../../src/domain/event.ts';
import { PersonId } from '../../src/domain/ids.ts';

export const eventToAppend = (data: JsonObject = {}, id: string = randomUUID()): EventToAppend => ({
  id,
  type: 'NoteTaken',
  version: 1,
  data,
  metadata: {
    $correlationId: 'correlation',
    $causationId: 'causation',
    commandId: id,
    commandHash: 'hash',
    actor: 'person_writer',
    subject: PersonId.parse('person_writer'),
    time: '2026-01-02T03:04:05.678Z',
  },
});

export const newStream = (): string => `note-${randomUUID()}`;

export async function collect(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const collected: RecordedEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

/** Reads a tail until the batches so far are enough, then ends it. */
export async function tailUntil(store: EventStore, after: Position, enough: (batches: readonly TailBatch[]) => boolean): Promise<TailBatch[]> {
  const ending = new AbortController();
  const batches: TailBatch[] = [];
  for await (const batch of store.tail(after, { signal: ending.signal })) {
    batches.push(batch);
    if (enough(batches)) ending.abort();
  }
  return batches;
}
