import type { JsonObject } from '../../domain/event.ts';
import { ExportRemoved } from '../../domain/export/index.ts';
import { JobEnded, JobProgressed, JobRequested } from '../../domain/job.ts';
import { view } from '../view.ts';

/** The file of an export, from when it is asked for until it is removed. */
export interface ExportDoc extends JsonObject {
  owner: string;
  requestedAt: string;
  /** Empty until the file is whole. */
  readyAt: string;
  key: string;
  parts: number;
  size: number;
}

const types = [JobRequested, JobProgressed, JobEnded, ExportRemoved] as const;

export const exportFiles = view<ExportDoc, (typeof types)[number]>({
  name: 'exports',
  version: 1,
  types,
  indexes: [['owner', 'requestedAt'], ['readyAt']],
  keys: ({ data }) => [data.jobId],
  fold: (doc, { type, data, metadata }) => {
    switch (type) {
      case 'JobRequested':
        return data.kind === 'export' ? { owner: data.person, requestedAt: metadata.time, readyAt: '', key: '', parts: 0, size: 0 } : undefined;
      case 'JobProgressed': {
        const { key, parts, size } = data.facts;
        return doc && typeof key === 'string' ? { ...doc, key, parts: Number(parts), size: Number(size) } : undefined;
      }
      case 'JobEnded':
        return doc && (data.outcome === 'succeeded' ? { ...doc, readyAt: metadata.time } : 'delete');
      case 'ExportRemoved':
        return 'delete';
      default:
        return type satisfies never;
    }
  },
});
