import { z } from 'zod';
import { event } from './event.ts';
import { PersonId } from './ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** A refusal that was given to a person, or a minute's worth of the same one. */
export const AccessRefused = event('AccessRefused', 1, {
  verb: z.enum(['tell', 'ask', 'follow']),
  what: z.string(),
  code: z.string(),
  target: z.string(),
  count: z.number().int(),
});
/** How many unauthenticated and anonymous requests were refused within one minute. */
export const AnonymousRefusalsCounted = event('AnonymousRefusalsCounted', 1, { counts: z.record(z.string(), z.number().int()) });
/** Somebody was shown what is another's: the subject is whose it is, the actor who read it. */
export const OthersDataRead = event('OthersDataRead', 1, { what: z.string(), target: z.string() });
export const accessEvents = [AccessRefused, AnonymousRefusalsCounted, OthersDataRead] as const;

export const accessStream = (person: string, day: string): string => `access-${person}-${day}`;
/** Nobody's own: what visitors without a name did and were refused. */
export const VISITORS = PersonId.parse('person_visitors');
