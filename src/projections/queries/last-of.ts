import type { RecordedEvent } from '../../domain/event.ts';
import type { QueryContext } from '../query.ts';

/** The last event of a stream, if it is of this type. */
export async function lastOf({ events }: Pick<QueryContext, 'events'>, stream: string, type?: string): Promise<RecordedEvent | undefined> {
  for await (const event of events(stream, { backwards: true })) if (type === undefined || event.type === type) return event;
  return undefined;
}
