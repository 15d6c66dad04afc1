import { z } from 'zod';
import type { Decider } from '../decider.ts';
import { type EventOf, event } from '../event.ts';
import { type FileId, JobId } from '../ids.ts';

// Event names and fields are storage: never rename one, raise the version and write an upcaster.

/** The file of an export is gone: its key is destroyed, and its parts are deleted. */
export const ExportRemoved = event('ExportRemoved', 1, { jobId: JobId, parts: z.int() });
export const exportEvents = [ExportRemoved] as const;

/** The stream, and the name under which the keys of its file are found. */
export const exportStream = (jobId: string): string => `export-${jobId}`;
export const exportPart = (jobId: string, number: number): string => `export_${jobId}_${number}`;

/** The file that a job of importing reads is the one that has its name. */
export const importedFileOf = (jobId: JobId): FileId => `file-${jobId.slice('job_'.length)}` as FileId;
export const importJobOf = (fileId: FileId): JobId => `job_${fileId.slice('file-'.length)}` as JobId;

type ExportCommand = { name: 'removeExport'; jobId: JobId; parts: number };

export const exports: Decider<{ removed: boolean }, ExportCommand, EventOf<typeof ExportRemoved>> = {
  initialState: () => ({ removed: false }),
  evolve: () => ({ removed: true }),
  decide: ({ jobId, parts }, { removed }) => (removed ? [] : [ExportRemoved({ jobId, parts })]),
};
