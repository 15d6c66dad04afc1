import { z } from 'zod';
import type { Decider } from './decider.ts';
import { event, type JsonObject, sealed } from './event.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** What a client reports of its own doing (a run as it saw it, a click, a score): kept as it came, with the person's data. */
export const ClientReported = event('ClientReported', 1, {
  reportId: z.string(),
  kind: z.enum(['run', 'event', 'score']),
  name: z.string(),
  ...sealed({ body: z.record(z.string(), z.json()) }),
});
export const telemetryEvents = [ClientReported] as const;

export interface TelemetryCommand {
  name: 'reportClient';
  reports: { kind: 'run' | 'event' | 'score'; name: string; body: JsonObject }[];
}

export const telemetryStream = (person: string, day: string): string => `telemetry-${person}-${day}`;

export const telemetry: Decider<null, TelemetryCommand> = {
  initialState: () => null,
  evolve: (state) => state,
  decide: ({ reports }, _state, { newId }) => reports.map((report) => ClientReported({ reportId: newId('report_'), ...report })),
};
