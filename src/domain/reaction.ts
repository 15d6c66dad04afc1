import { z } from 'zod';
import { type Decider, refuse } from './decider.ts';
import { type EventOf, event } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** A reaction gave up on an event for now: it, and later events of the same stream, wait here until they are unparked. */
const cause = { reaction: z.string(), eventId: z.string(), eventType: z.string(), stream: z.string(), revision: z.string() };
export const ReactionParked = event('ReactionParked', 1, { ...cause, attempts: z.number().int(), reason: z.string() });
export const ReactionSkipped = event('ReactionSkipped', 1, { ...cause, attempts: z.number().int(), reason: z.string() });
export const ReactionUnparked = event('ReactionUnparked', 1, cause);

export const reactionEvents = [ReactionParked, ReactionSkipped, ReactionUnparked] as const;
type ReactionEvent = EventOf<(typeof reactionEvents)[number]>;

interface Cause {
  reaction: string;
  eventId: string;
  eventType: string;
  stream: string;
  revision: string;
}
export type ReactionCommand =
  | (Cause & { name: 'parkReaction'; attempts: number; reason: string })
  | (Cause & { name: 'skipReaction'; attempts: number; reason: string })
  | { name: 'unparkReaction'; reaction: string; eventId: string };

export interface Parked {
  /** By id, in the order in which they were parked. */
  readonly events: Map<string, Cause>;
  /** By stream: where in the log its events were last unparked. */
  readonly unparkedAt: Map<string, string>;
}

export const reactionStream = (name: string): string => `reaction-${name}`;

/** The parked events of one stream, first things first. */
export const ofStream = (stream: string, { events }: Parked): Cause[] => [...events.values()].filter((cause) => cause.stream === stream);

export const reactions: Decider<Parked, ReactionCommand, ReactionEvent> = {
  initialState: () => ({ events: new Map(), unparkedAt: new Map() }),
  evolve: (parked, { type, data, position }) => {
    if (type === 'ReactionParked') parked.events.set(data.eventId, data);
    else parked.events.delete(data.eventId);
    if (type === 'ReactionUnparked') parked.unparkedAt.set(data.stream, position);
    return parked;
  },
  decide: (command, parked) => {
    switch (command.name) {
      case 'parkReaction':
        if (parked.events.has(command.eventId)) return [];
        if (command.attempts === 0 && ofStream(command.stream, parked).length === 0)
          return refuse('Superseded', 'Nothing stands before this event any more.');
        return [ReactionParked(command)];
      case 'skipReaction':
        return [ReactionSkipped(command)];
      case 'unparkReaction': {
        const cause = parked.events.get(command.eventId);
        if (!cause) return refuse('NotFound', 'No such event is parked here.');
        return ofStream(cause.stream, parked).map((each) => ReactionUnparked(each));
      }
      default:
        return command satisfies never;
    }
  },
};
