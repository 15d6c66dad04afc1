import type { JsonObject } from '../../domain/event.ts';
import { eventDefinitions } from '../../domain/index.ts';
import { type View, view } from '../view.ts';

/** One event as the person whose data it is can read it. */
export interface FeedDoc extends JsonObject {
  person: string;
  type: string;
  version: number;
  stream: string;
  revision: string;
  time: string;
  actor: string;
  data: JsonObject;
}

export const feed: View<FeedDoc> = view<FeedDoc, (typeof eventDefinitions)[number]>({
  name: 'feed',
  version: 3,
  types: eventDefinitions,
  indexes: [['person', '_pos']],
  ownedBy: 'person',
  keys: ({ id }) => [id],
  fold: (_doc, { type, version, stream, revision, data, metadata }) => ({
    person: metadata.subject,
    type,
    version,
    stream,
    revision: String(revision),
    time: metadata.time,
    actor: metadata.actor,
    data: data as JsonObject,
  }),
});
