import type { JsonObject } from '../../domain/event.ts';
import { ReactionParked, ReactionUnparked } from '../../domain/reaction.ts';
import { view } from '../view.ts';

/** Events that a reaction has put aside, with the reason. */
export interface ParkedDoc extends JsonObject {
  reaction: string;
  eventType: string;
  stream: string;
  attempts: number;
  reason: string;
  at: string;
}

const types = [ReactionParked, ReactionUnparked] as const;

export const parked = view<ParkedDoc, (typeof types)[number]>({
  name: 'parked',
  version: 1,
  types,
  indexes: [['reaction', 'at']],
  keys: ({ data }) => [data.eventId],
  fold: (_doc, event) => {
    if (event.type === 'ReactionUnparked') return 'delete';
    const { reaction, eventType, stream, attempts, reason } = event.data;
    return { reaction, eventType, stream, attempts, reason, at: event.metadata.time };
  },
});
