import { z } from 'zod';
import type { Decider } from './decider.ts';
import { event } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** One person's day of security events, refusals and readings has been kept for long enough: its key is destroyed, its entries leave the security page. */
export const AccessRecordsErased = event('AccessRecordsErased', 1, { stream: z.string() });
/** What happened on this day makes no alert any more, so nothing of it has to be counted on. */
export const SecurityDayClosed = event('SecurityDayClosed', 1, { day: z.iso.date() });
export const accessRecordEvents = [AccessRecordsErased, SecurityDayClosed] as const;

type AccessRecordCommand = { name: 'eraseAccessRecords'; stream: string } | { name: 'closeSecurityDay'; day: string };

export const securityDayStream = (day: string): string => `security-day-${day}`;

/** Again and again: what came late is dealt with then. */
export const accessRecords: Decider<Record<never, never>, AccessRecordCommand> = {
  initialState: () => ({}),
  evolve: (state) => state,
  decide: (command) =>
    command.name === 'eraseAccessRecords' ? [AccessRecordsErased({ stream: command.stream })] : [SecurityDayClosed({ day: command.day })],
};
