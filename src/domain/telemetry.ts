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
/** What was reported in this stream can no longer be read: its key is destroyed. */
export const ClientReportsErased = event('ClientReportsErased', 1, { stream: z.string() });
export const telemetryEvents = [ClientReported, ClientReportsErased] as const;

export type TelemetryCommand =
  | { name: 'reportClient'; reports: { kind: 'run' | 'event' | 'score'; name: string; body: JsonObject }[] }
  | { name: 'eraseReports'; stream: string };

export const telemetryStream = (person: string, day: string): string => `telemetry-${person}-${day}`;

export const telemetry: Decider<{ erased: boolean }, TelemetryCommand> = {
  initialState: () => ({ erased: false }),
  evolve: (state, { type }) => {
    if (type === ClientReportsErased.type) state.erased = true;
    return state;
  },
  decide: (command, { erased }, { newId }) => {
    if (command.name === 'eraseReports') return erased ? [] : [ClientReportsErased({ stream: command.stream })];
    return command.reports.map((report) => ClientReported({ reportId: newId('report_'), ...report }));
  },
};
