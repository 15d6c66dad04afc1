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

/** Parked events by id, in the order in which they were parked. */
export type Parked = Map<string, Cause>;

export const reactionStream = (name: string): string => `reaction-${name}`;

export const reactions: Decider<Parked, ReactionCommand, ReactionEvent> = {
  initialState: () => new Map(),
  evolve: (parked, { type, data }) => {
    if (type === 'ReactionParked') parked.set(data.eventId, data);
    else parked.delete(data.eventId);
    return parked;
  },
  decide: (command, parked) => {
    switch (command.name) {
      case 'parkReaction':
        return parked.has(command.eventId) ? [] : [ReactionParked(command)];
      case 'skipReaction':
        return [ReactionSkipped(command)];
      case 'unparkReaction': {
        const cause = parked.get(command.eventId);
        if (!cause) return refuse('NotFound', 'No such event is parked here.');
        return [...parked.values()].filter(({ stream }) => stream === cause.stream).map((each) => ReactionUnparked(each));
      }
      default:
        return command satisfies never;
    }
  },
};
