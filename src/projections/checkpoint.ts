import type { Checkpoint } from '../adapters/document-store/port.ts';
import { type EventStore, LogDamaged } from '../adapters/event-store/port.ts';

/** Whether the last event a checkpoint names is in the log: an older log that was put back under newer views lacks it. */
export async function holdsLast(store: EventStore, { last, position }: Checkpoint): Promise<boolean> {
  if (position > (await store.head())) return false;
  if (!last) return true;
  try {
    for await (const event of store.read(last.stream, { from: BigInt(last.revision), max: 1 })) return event.id === last.id;
  } catch (error) {
    // A damaged page is no older log: whatever needs it says so, and the rest works.
    if (error instanceof LogDamaged) return true;
    throw error;
  }
  return false;
}
