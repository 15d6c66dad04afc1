import { z } from 'zod';
import type { RecordedEvent } from '../domain/event.ts';
import { fileStream, files, type StoredFile } from '../domain/file.ts';
import { FileId, IsoTime } from '../domain/ids.ts';
import { command, firstDataOf, type Policy } from './command.ts';
import { annalsOnly, anyPerson, ownerOnly } from './policy.ts';

const owned = { stream: ({ fileId }: { fileId: FileId }) => fileStream(fileId), aggregate: files, policy: ownerOnly as Policy<unknown, StoredFile> };

export const reserveFile = command('reserveFile', {
  input: z.object({ filename: z.string().trim().min(1).max(255), mediaType: z.string().max(255).optional() }),
  stream: (_input, _principal, newId) => fileStream(newId('file-')),
  policy: anyPerson,
  needs: 'file.create',
  aggregate: files,
  result: (events: readonly RecordedEvent[]) => ({ fileId: firstDataOf<{ fileId: FileId }>(events).fileId }),
});
export const uploadFile = command('uploadFile', {
  input: z.object({ fileId: FileId, blobId: z.string(), key: z.string(), size: z.number().int().nonnegative(), mediaType: z.string().max(255) }),
  ...owned,
  needs: 'file.create',
});
export const deleteFile = command('deleteFile', { input: z.object({ fileId: FileId }), ...owned, needs: 'file.delete' });
/** Bytes that an import has stored already. */
export const importFile = command('importFile', {
  input: z.object({
    fileId: FileId,
    filename: z.string().trim().min(1).max(255),
    mediaType: z.string().max(255),
    blobId: z.string(),
    key: z.string(),
    size: z.int().nonnegative(),
    createdAt: IsoTime,
  }),
  stream: ({ fileId }) => fileStream(fileId),
  aggregate: files,
  policy: annalsOnly,
});
