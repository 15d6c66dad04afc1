import type { JsonObject } from '../../domain/event.ts';
import { jobEvents } from '../../domain/job.ts';
import { view } from '../view.ts';

/** One piece of long work and how far it has come. Open ones are what a worker takes over after a crash. */
export interface JobDoc extends JsonObject {
  /** Whose data it is about. */
  person: string;
  kind: string;
  requestedBy: string;
  open: boolean;
  status: 'requested' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  step: string | null;
  /** Of the step, counted from 1, and how many there are. */
  number: number;
  of: number;
  /** Within the step. */
  done: number;
  total: number;
  code: string | null;
  facts: JsonObject;
  requestedAt: string;
  endedAt: string | null;
}

export const jobList = view<JobDoc, (typeof jobEvents)[number]>({
  name: 'jobs',
  version: 1,
  types: jobEvents,
  indexes: [['open'], ['person', 'requestedAt'], ['requestedAt']],
  keys: ({ data }) => [data.jobId],
  fold: (doc, event) => {
    const { time, actor } = event.metadata;
    if (event.type === 'JobRequested') {
      const { person, kind } = event.data;
      const begun = { open: true, status: 'requested', step: null, number: 0, of: 0, done: 0, total: 0, code: null, facts: {} } as const;
      return { person, kind, requestedBy: actor, ...begun, requestedAt: time, endedAt: null };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'JobTakenUp':
        return { ...doc, status: 'running' };
      case 'JobProgressed': {
        const { step, number, of, done, total, facts } = event.data;
        return { ...doc, step, number, of, done, total, facts: { ...doc.facts, ...facts } };
      }
      case 'JobEnded': {
        const { outcome, code = null, facts } = event.data;
        return { ...doc, open: false, status: outcome, code, facts: { ...doc.facts, ...facts }, endedAt: time };
      }
      default:
        event satisfies never;
        return undefined;
    }
  },
});
