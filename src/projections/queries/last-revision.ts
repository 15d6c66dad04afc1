import type { QueryContext } from '../query.ts';

/** Of the stream's last event, for the ETag; `-1` when there is none. */
export async function lastRevision({ events }: QueryContext, stream: string): Promise<string> {
  for await (const { revision } of events(stream, { backwards: true, max: 1 })) return String(revision);
  return '-1';
}
