import type { Blobs } from '../adapters/blobs/port.ts';
import type { KeyVault } from '../adapters/key-vault/port.ts';
import { AccessRecordsErased } from '../domain/access-records.ts';
import { ExportRemoved, exportPart, exportStream } from '../domain/export/index.ts';
import { ClientReportsErased } from '../domain/telemetry.ts';
import { done, type Reaction } from './reaction.ts';

/** What has been kept for long enough goes: its keys, and its bytes. */
export const createKeptErasure = ({ vault, blobs }: { readonly vault: KeyVault; readonly blobs: Blobs }): readonly Reaction[] => [
  {
    name: 'erase-export',
    types: [ExportRemoved.type],
    from: 'start',
    handle: async ({ data }) => {
      const { jobId, parts } = data as { jobId: string; parts: number };
      await vault.destroyScope(exportStream(jobId));
      for (let number = 0; number < parts; number++) await blobs.delete(exportPart(jobId, number));
      return done;
    },
  },
  {
    name: 'erase-reports',
    types: [ClientReportsErased.type, AccessRecordsErased.type],
    from: 'start',
    handle: async ({ data }) => {
      await vault.destroyScope((data as { stream: string }).stream);
      return done;
    },
  },
];
